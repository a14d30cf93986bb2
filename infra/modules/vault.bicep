// ServOrg's vault: DeskDirector's key and webhook secret, and the function key of each customer's CustOrg.
param name string
param location string
param tags object
@allowed([
  'Enabled'
  'Disabled'
])
param publicAccess string
param workspaceId string
@secure()
param deskDirectorApiKey string
@secure()
param deskDirectorWebhookSecret string
param secretsExpireAt string

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  // checkov:skip=CKV_AZURE_109: the parameter networkIsolation denies; without it, only Entra tokens with a role get in
  // checkov:skip=CKV_AZURE_189: the same; operators put keys in from their own machines
  name: 'kv-${uniqueString(resourceGroup().id, name)}'
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    // Cannot be turned off again: an offboarded vault keeps its name for 90 days.
    enablePurgeProtection: true
    publicNetworkAccess: publicAccess
    networkAcls: {
      defaultAction: publicAccess == 'Enabled' ? 'Allow' : 'Deny'
      bypass: 'AzureServices'
    }
  }
}

resource apiKey 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(deskDirectorApiKey)) {
  // checkov:skip=CKV_AZURE_41: exp is set below; the check does not look into conditional resources
  // checkov:skip=CKV_AZURE_114: contentType is set below; the same
  parent: vault
  name: 'deskdirector-api-key'
  properties: {
    value: deskDirectorApiKey
    contentType: 'API key of DeskDirector'
    attributes: {
      enabled: true
      exp: dateTimeToEpoch(secretsExpireAt)
    }
  }
}

resource webhookSecret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(deskDirectorWebhookSecret)) {
  // checkov:skip=CKV_AZURE_41: exp is set below; the check does not look into conditional resources
  // checkov:skip=CKV_AZURE_114: contentType is set below; the same
  parent: vault
  name: 'deskdirector-webhook-secret'
  properties: {
    value: deskDirectorWebhookSecret
    contentType: 'DeskDirector signs its events with it'
    attributes: {
      enabled: true
      exp: dateTimeToEpoch(secretsExpireAt)
    }
  }
}

// Who read which secret, and which is about to expire: the vault logs the latter 30 days before, without a subscription.
resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'audit'
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
    ]
  }
}

output id string = vault.id
output name string = vault.name
output uri string = vault.properties.vaultUri
