// The identity as which the app acts everywhere: storage, vault, telemetry, Microsoft Graph, sign-in.
// One of its own, not the app's: its permissions are there before the app starts, and survive an app that is made anew.
param name string
param location string
param tags object

// infra/grant-permissions makes the same one when it comes first: both know the name.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${name}'
  location: location
  tags: tags
}

output id string = identity.id
output principalId string = identity.properties.principalId
output clientId string = identity.properties.clientId
