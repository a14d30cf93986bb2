// The app settings of each role: every setting of the code with its default, then the operator's values over them.
// tests/infra compares names and defaults with shared/settings.py in both directions.
param role string
param overrides object
param identityClientId string
param blobEndpoint string
param queueEndpoint string
param tableEndpoint string
param componentConnection string
param vaultName string
param vaultUri string
param hasWebhookSecret bool
param signInClientId string
param tracing bool

var common = {
  GRAPH_URL: 'https://graph.microsoft.com/v1.0'
}

var ofCustOrg = {
  TRANSITIVE_MEMBERS: 'true'
  REFRESH_SCHEDULE: '0 0 1 * * *'
}

// An empty value counts as missing: where the setting is needed, /api/health says so.
var ofServOrg = {
  DESKDIRECTOR_URL: ''
  DESKDIRECTOR_FUNCTIONS_URL: 'https://functions.deskdirector.com'
  DESKDIRECTOR_AGENT_ID: ''
  // Requests per second over all instances: what keeps DeskDirector's budget, since 40 instances are the fewest to allow.
  DESKDIRECTOR_RATE: '2'
  DESKDIRECTOR_DIALECT: '{}'
  MAX_REMOVALS: '25'
  MAX_REMOVAL_SHARE: '20'
  MAX_REMOVALS_PER_DAY: '100'
  MAX_ADDITIONS: ''
  GRACE_DAYS_CONTACTS: '7'
  GRACE_DAYS_MEMBERSHIPS: '0'
  LEASE_SECONDS: '120'
  RETENTION_DAYS: '400'
  SYNC_SCHEDULE: '0 30 2 * * *'
  REPORT_SCHEDULE: '0 0 6 * * *'
  GROUPS_SCHEDULE: '0 30 1 * * *'
  FORM_LISTS_SCHEDULE: '0 15 * * * *'
  CATCH_UP_SCHEDULE: '0 */15 * * * *'
  MAIL_SENDER: ''
  EMAIL_RECIPIENTS: ''
  SERVORG_ACCOUNT_ID: ''
  EVENT_ID: ''
  BOARD_ID: ''
  IN_PROGRESS_STATUS_ID: ''
  CLOSED_STATUS_ID: ''
  APPROVAL_STATUS_IDS: ''
  DECLINED_STATUS_IDS: ''
}

var secretsOfServOrg = {
  DESKDIRECTOR_API_KEY: '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=deskdirector-api-key)'
  // A reference to a secret that is not there would reach the app as a text, and be refused.
  DESKDIRECTOR_WEBHOOK_SECRET: hasWebhookSecret ? '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=deskdirector-webhook-secret)' : ''
}

// Customers' function keys are read there at run time (customers add --key-secret NAME).
var vaultOfServOrg = {
  KEY_VAULT_URL: vaultUri
}

// What the deployment itself knows, so that no override can be wrong.
var fixed = {
  ROLE: role
  TENANT_ID: tenant().tenantId
  EASY_AUTH: empty(signInClientId) ? 'false' : 'true'
  AzureWebJobsStorage__queueServiceUri: queueEndpoint
  AzureWebJobsStorage__tableServiceUri: tableEndpoint
}

// Read by the Functions host, the worker and Azure's libraries, not by our code.
var platform = {
  AzureWebJobsStorage__blobServiceUri: blobEndpoint
  // With an identity of its own the host wants both, else it does not scale.
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AZURE_CLIENT_ID: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: componentConnection
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  PYTHON_THREADPOOL_THREAD_COUNT: '32'
  // Sign-in without a secret: the registration trusts this identity's token.
  OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: identityClientId
}

// Traces and metrics: docs/telemetry.md.
var ofTracing = {
  PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY: 'true'
  // Else the host would send the worker's logs a second time.
  AzureFunctionsJobHost__telemetryMode: 'OpenTelemetry'
  OTEL_TRACES_SAMPLER: 'always_on'
  OTEL_PYTHON_DISABLED_INSTRUMENTATIONS: 'azure_sdk,django,fastapi,flask,httpx,httpx2,psycopg2,requests,urllib,urllib3'
}

var defaults = role == 'servorg' ? union(common, ofServOrg, secretsOfServOrg, vaultOfServOrg) : union(common, ofCustOrg)
var ours = union(defaults, overrides, fixed)

output all object = union(ours, platform, tracing ? ofTracing : {})

// For the command line, which signs in as a person: the platform's settings would name the app's identity.
output local object = union(ours, {
  EASY_AUTH: 'false'
})
