// Who may do what with storage and logs: the app's identity, and the operators. Nobody else gets anything here.
param role string
param principalId string
param operatorsGroupId string
param storageName string
param componentName string
param workspaceName string

var isServOrg = role == 'servorg'
var hasOperators = !empty(operatorsGroupId)

// Each id is followed by the role's name and the reason.
var appOnStorage = isServOrg ? [
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner: the host's leases, timers and keys; reads the package
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // Storage Queue Data Contributor: jobs; less cannot put a failed message back
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor: runs, changes, links, customers
] : [
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner: the host's leases, timers and keys; reads the package
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor: the groups table
]
var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher: telemetry without a key
var operatorsOnStorage = hasOperators && isServOrg ? [
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // Storage Queue Data Contributor: `sync` sends jobs, `poison` replays and drops
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor: `customers add`, `configure`, `approve`
] : []
var logReader = '73c42c96-874c-492b-b04d-ab87d138a893' // Log Analytics Reader: operators read logs and the workbook

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource appStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for id in appOnStorage: {
  name: guid(account.id, principalId, id)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', id)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

resource appTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, principalId, metricsPublisher)
  scope: component
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource operatorsStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for id in operatorsOnStorage: {
  name: guid(account.id, operatorsGroupId, id)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', id)
    principalId: operatorsGroupId
    principalType: 'Group'
  }
}]

resource operatorsLogs 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasOperators) {
  name: guid(workspace.id, operatorsGroupId, logReader)
  scope: workspace
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', logReader)
    principalId: operatorsGroupId
    principalType: 'Group'
  }
}
