using 'main.bicep'

// ServOrg. README.md, "Settings", explains each setting; docs/quickstart.md is the way through.
param role = 'servorg'

// infra/grant-permissions tells both; written here, later deployments need them no more on the command line.
param name = 'msp-sync'
param signInClientId = ''

// The Entra group whose people may use the command line: its object id.
param operatorsGroupId = ''
// Who gets the alerts: ['kim@msp.example']
param alertEmails = []

// From the environment, so that no secret stands in a file; empty keeps what is in the vault.
param deskDirectorApiKey = readEnvironmentVariable('DESKDIRECTOR_API_KEY', '')
param deskDirectorWebhookSecret = readEnvironmentVariable('DESKDIRECTOR_WEBHOOK_SECRET', '')
// true as soon as the webhook's secret was given once.
param formInUse = false

param settings = {
  DESKDIRECTOR_URL: 'https://msp.deskdirector.example'
  DESKDIRECTOR_AGENT_ID: '1'
  MAIL_SENDER: ''
  EMAIL_RECIPIENTS: ''
}
