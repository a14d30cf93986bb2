// The storage account: the host's own blobs, the package, the queues and tables of the role. No shared keys.
param role string
param name string
param location string
param tags object
param sku string
@allowed([
  'Enabled'
  'Disabled'
])
param publicAccess string

var queues = role == 'servorg' ? [
  'customer-refreshes'
  'customer-refreshes-poison'
  'events'
  'events-poison'
  'sync-jobs'
  'sync-jobs-poison'
] : []

var tables = role == 'servorg' ? [
  'budget'
  'changes'
  'configurations'
  'customers'
  'doctor'
  'formlists'
  'links'
  'offers'
  'requests'
  'runs'
  'subscriptions'
] : [
  'doctor'
  'entragroups'
]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  // checkov:skip=CKV_AZURE_35: the parameter networkIsolation denies; without it, only Entra tokens with a role get in
  // checkov:skip=CKV_AZURE_206: the parameter storageSku replicates over three zones unless told otherwise
  // checkov:skip=CKV_AZURE_43: the check does not compute uniqueString: 'st' and 13 letters and digits
  name: 'st${uniqueString(resourceGroup().id, name)}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    publicNetworkAccess: publicAccess
    networkAcls: {
      defaultAction: publicAccess == 'Enabled' ? 'Allow' : 'Deny'
      bypass: 'AzureServices'
    }
  }
}

// No rule that deletes old blobs: the package has to be there at each cold start, the host's keys too.
resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 7
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 7
    }
  }
}

resource package 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'package'
  properties: {
    publicAccess: 'None'
  }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [for queueName in queues: {
  parent: queueService
  name: queueName
}]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [for tableName in tables: {
  parent: tableService
  name: tableName
}]

output id string = account.id
output name string = account.name
output blobEndpoint string = account.properties.primaryEndpoints.blob
output queueEndpoint string = account.properties.primaryEndpoints.queue
output tableEndpoint string = account.properties.primaryEndpoints.table
output packageContainer string = '${account.properties.primaryEndpoints.blob}${package.name}'
