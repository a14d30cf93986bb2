// Isolation: a virtual network for the app, and private endpoints for storage (and the vault), whose public side is shut.
param name string
param location string
param tags object
param storageAccountId string
param vaultId string

var storageSuffix = environment().suffixes.storage
var onStorage = [
  'blob'
  'queue'
  'table'
]
// The suffix of the cloud is .vault.azure.net, say; private endpoints have .vaultcore.azure.net.
var vaultZone = 'privatelink${replace(environment().suffixes.keyvaultDns, '.vault.', '.vaultcore.')}'
var vaultZones = empty(vaultId) ? [] : [
  vaultZone
]
var zoneNames = concat([
  'privatelink.blob.${storageSuffix}'
  'privatelink.queue.${storageSuffix}'
  'privatelink.table.${storageSuffix}'
], vaultZones)

resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: 'vnet-${name}'
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        '10.77.0.0/24'
      ]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          // Flex Consumption: one address for each instance, and this delegation.
          addressPrefix: '10.77.0.0/26'
          delegations: [
            {
              name: 'flex'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.77.0.64/27'
          privateEndpointNetworkPolicies: 'Enabled'
        }
      }
    ]
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [for zoneName in zoneNames: {
  name: zoneName
  location: 'global'
  tags: tags
}]

resource zoneLink 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (zoneName, index) in zoneNames: {
  parent: zone[index]
  name: 'link-${name}'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network.id
    }
  }
}]

resource storageEndpoint 'Microsoft.Network/privateEndpoints@2024-07-01' = [for service in onStorage: {
  name: 'pe-${name}-${service}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: '${network.id}/subnets/endpoints'
    }
    privateLinkServiceConnections: [
      {
        name: service
        properties: {
          privateLinkServiceId: storageAccountId
          groupIds: [
            service
          ]
        }
      }
    ]
  }
}]

resource storageNames 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = [for (service, index) in onStorage: {
  parent: storageEndpoint[index]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: service
        properties: {
          privateDnsZoneId: zone[index].id
        }
      }
    ]
  }
}]

resource vaultEndpoint 'Microsoft.Network/privateEndpoints@2024-07-01' = if (!empty(vaultId)) {
  name: 'pe-${name}-vault'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: '${network.id}/subnets/endpoints'
    }
    privateLinkServiceConnections: [
      {
        name: 'vault'
        properties: {
          privateLinkServiceId: vaultId
          groupIds: [
            'vault'
          ]
        }
      }
    ]
  }
}

resource vaultNames 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = if (!empty(vaultId)) {
  parent: vaultEndpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: 'vault'
        properties: {
          privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', vaultZone)
        }
      }
    ]
  }
  dependsOn: [
    zone
  ]
}

// Whoever uses this waits for the whole module: an app's first act is to read its storage by these names.
output appSubnetId string = '${network.id}/subnets/app'
