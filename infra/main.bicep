// One deployment of Sync Entra Groups: ServOrg in the MSP's subscription, or CustOrg in a customer's.
// docs/quickstart.md shows the commands. Written in the part of the language that every checker of tests/infra reads.
targetScope = 'resourceGroup'

@description('servorg in the MSP\'s subscription, custorg in each customer\'s.')
@allowed([
  'servorg'
  'custorg'
])
param role string

@description('Name of the function app, and of what belongs to it. Its address is https://NAME.azurewebsites.net, so nobody else in Azure may have it.')
@minLength(2)
@maxLength(40)
param name string

@description('The region; all resources stand in it.')
param location string = resourceGroup().location

@description('Settings by their names in the README\'s table. What is not named here has its default.')
param settings object = {}

@description('Client id of the app registration for the pages; infra/grant-permissions prints it. Empty: nobody can sign in.')
param signInClientId string = ''

@description('ServOrg: object id of the Entra group whose people use the command line. Empty: only whoever is given data roles by hand.')
param operatorsGroupId string = ''

@description('Who gets the alerts. Empty: alerts are recorded in Azure and mailed to nobody.')
param alertEmails array = []

@description('ServOrg: the API key of DeskDirector. Empty: the one in the vault stays as it is.')
@secure()
param deskDirectorApiKey string = ''

@description('ServOrg: the secret that DeskDirector signs its events with. Empty: the one in the vault stays as it is.')
@secure()
param deskDirectorWebhookSecret string = ''

@description('ServOrg: the webhook\'s secret is in the vault, from this deployment or an earlier one. False until the form is set up.')
param formInUse bool = false

@description('When the secrets that are given now expire. An alert comes 30 days before.')
param secretsExpireAt string = dateTimeAdd(utcNow(), 'P1Y')

@description('Storage and vault are reached from a virtual network only. The command line then works from inside that network only.')
param networkIsolation bool = false

@description('Highest number of instances. 40 is the lowest that Flex Consumption takes; the pace towards DeskDirector is kept by DESKDIRECTOR_RATE, whatever the number of instances.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Memory of an instance.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@description('Copies of the data: in three zones, or in two regions where the region has no zones. Standard_LRS is for trials.')
@allowed([
  'Standard_ZRS'
  'Standard_GRS'
  'Standard_LRS'
])
param storageSku string = 'Standard_ZRS'

@description('Traces that join both roles, and metrics, by OpenTelemetry. False: logs only, which the alerts need.')
param tracing bool = false

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

var isServOrg = role == 'servorg'
var publicAccess = networkIsolation ? 'Disabled' : 'Enabled'
var tags = {
  app: 'sync-entra-groups'
  deployment: name
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: {
    name: name
    location: location
    tags: tags
  }
}

module network 'modules/network.bicep' = if (networkIsolation) {
  name: 'network'
  params: {
    name: name
    location: location
    tags: tags
    storageAccountId: storage.outputs.id
    vaultId: isServOrg ? vault!.outputs.id : ''
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    role: role
    name: name
    location: location
    tags: tags
    sku: storageSku
    publicAccess: publicAccess
  }
}

module vault 'modules/vault.bicep' = if (isServOrg) {
  name: 'vault'
  params: {
    name: name
    location: location
    tags: tags
    publicAccess: publicAccess
    workspaceId: monitoring.outputs.workspaceId
    deskDirectorApiKey: deskDirectorApiKey
    deskDirectorWebhookSecret: deskDirectorWebhookSecret
    secretsExpireAt: secretsExpireAt
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    name: name
    location: location
    tags: tags
    logRetentionDays: logRetentionDays
  }
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  params: {
    role: role
    principalId: identity.outputs.principalId
    operatorsGroupId: operatorsGroupId
    storageName: storage.outputs.name
    componentName: monitoring.outputs.componentName
    workspaceName: monitoring.outputs.workspaceName
  }
}

module vaultRoles 'modules/vaultroles.bicep' = if (isServOrg) {
  name: 'vaultroles'
  params: {
    vaultName: vault!.outputs.name
    principalId: identity.outputs.principalId
    operatorsGroupId: operatorsGroupId
  }
}

module appSettings 'modules/settings.bicep' = {
  name: 'settings'
  params: {
    role: role
    overrides: settings
    identityClientId: identity.outputs.clientId
    blobEndpoint: storage.outputs.blobEndpoint
    queueEndpoint: storage.outputs.queueEndpoint
    tableEndpoint: storage.outputs.tableEndpoint
    componentConnection: monitoring.outputs.connection
    vaultName: isServOrg ? vault!.outputs.name : ''
    vaultUri: isServOrg ? vault!.outputs.uri : ''
    hasWebhookSecret: formInUse || !empty(deskDirectorWebhookSecret)
    signInClientId: signInClientId
    tracing: tracing
  }
}

module functionApp 'modules/functionapp.bicep' = {
  name: 'functionapp'
  params: {
    name: name
    location: location
    tags: tags
    identityId: identity.outputs.id
    packageContainer: storage.outputs.packageContainer
    settings: appSettings.outputs.all
    subnetId: networkIsolation ? network!.outputs.appSubnetId : ''
    maximumInstanceCount: maximumInstanceCount
    instanceMemoryMB: instanceMemoryMB
  }
  // Without its roles the host cannot read its storage, and references to the vault stay unresolved for up to a day.
  dependsOn: [
    roles
    vaultRoles
  ]
}

module signIn 'modules/signin.bicep' = if (!empty(signInClientId)) {
  name: 'signin'
  params: {
    appName: functionApp.outputs.name
    clientId: signInClientId
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    role: role
    name: name
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    emails: alertEmails
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  params: {
    name: name
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
  }
}

var address = 'https://${functionApp.outputs.hostName}/api'

@description('Where the app answers: what a browser opens, what DeskDirector or ServOrg calls.')
output addresses object = isServOrg ? {
  health: '${address}/health'
  events: '${address}/events/deskdirector'
  accountsList: '${address}/forms/accounts'
  syncModesList: '${address}/forms/sync-modes'
} : {
  health: '${address}/health'
  picker: '${address}/picker'
  commands: '${address}/commands'
}

@description('What to do next, in this order.')
output next array = isServOrg ? [
  empty(signInClientId) ? 'Sign-in is off: run infra/grant-permissions servorg, and this deployment again with the client id that it prints.' : 'Sign-in is on.'
  'Upload the code: infra/publish servorg --resource-group ${resourceGroup().name} --name ${name}'
  'Settings for the command line: az deployment group show --resource-group ${resourceGroup().name} --name main --query properties.outputs.localSettings.value > local.settings.json'
  'Then, in the same folder: .venv/bin/python -m servorg --help'
] : [
  empty(signInClientId) ? 'Sign-in is off: run infra/grant-permissions custorg, and this deployment again with the client id that it prints.' : 'Sign-in is on.'
  'Upload the code: infra/publish custorg --resource-group ${resourceGroup().name} --name ${name}'
  'Choose groups at ${address}/picker'
]

@description('The file local.settings.json for the command line, which works as the signed-in person. No secret is in it: references are read from the vault.')
output localSettings object = {
  IsEncrypted: false
  Values: appSettings.outputs.local
}

@description('Client id of the app\'s managed identity.')
output identityClientId string = identity.outputs.clientId

@description('ServOrg: the vault for customers\' function keys.')
output vaultName string = isServOrg ? vault!.outputs.name : ''
