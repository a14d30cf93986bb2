<#
.SYNOPSIS
Lets ServOrg's managed identity send mail from one mailbox, and from no other.

.DESCRIPTION
Exchange Online's RBAC for Applications. Don't also grant the Graph permission Mail.Send: the two add up, and that one is
for every mailbox. infra/grant-permissions servorg --mail-sender ADDRESS prints the call with all three values.
It may take two hours until Exchange lets the first mail through; `python -m servorg report --send-test` proves it in Azure.

.EXAMPLE
pwsh infra/grant-mailbox.ps1 -Mailbox sync@msp.example -ClientId 1111… -ObjectId 2222…
#>
param(
  [Parameter(Mandatory)] [string] $Mailbox,
  [Parameter(Mandatory)] [guid] $ClientId,
  [Parameter(Mandatory)] [guid] $ObjectId
)
$ErrorActionPreference = 'Stop'
$scope = "sync-entra-groups-$ObjectId"

Connect-ExchangeOnline -ShowBanner:$false
if (-not (Get-ServicePrincipal | Where-Object AppId -eq $ClientId)) {
  New-ServicePrincipal -AppId $ClientId -ObjectId $ObjectId -DisplayName 'Sync Entra Groups' | Out-Null
  Write-Output 'made: the identity is known to Exchange'
}
if (-not (Get-ManagementScope | Where-Object Name -eq $scope)) {
  New-ManagementScope -Name $scope -RecipientRestrictionFilter "PrimarySmtpAddress -eq '$Mailbox'" | Out-Null
  Write-Output "made: a scope that holds $Mailbox alone"
}
if (-not (Get-ManagementRoleAssignment | Where-Object CustomResourceScope -eq $scope)) {
  New-ManagementRoleAssignment -App $ObjectId -Role 'Application Mail.Send' -CustomResourceScope $scope | Out-Null
  Write-Output "made: the role Application Mail.Send within that scope"
}
Write-Output 'InScope must be True:'
Test-ServicePrincipalAuthorization -Identity $ClientId -Resource $Mailbox
