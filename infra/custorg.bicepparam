using 'main.bicep'

// CustOrg. README.md, "Settings", explains each setting; docs/quickstart.md is the way through.
param role = 'custorg'

// infra/grant-permissions tells both; written here, later deployments need them no more on the command line.
param name = 'contoso-sync'
param signInClientId = ''

// Who gets the alerts: ['kim@msp.example']
param alertEmails = []

param settings = {
  TRANSITIVE_MEMBERS: 'true'
}
