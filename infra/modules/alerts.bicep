// The alerts: one table of queries (infra/queries), one rule for each that concerns the role.
param role string
param name string
param location string
param tags object
param workspaceId string
param emails array

// Count is rows of the query in the window; each query's first line says what a row is.
var ofServOrg = [
  {
    name: 'runs-failed'
    title: 'A run failed'
    does: 'python -m servorg runs, then run RUN: its reason says what to do.'
    query: loadTextContent('../queries/runs-failed.kql')
    severity: 2
    every: 'PT15M'
    window: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'runs-held'
    title: 'Removals wait for a person'
    does: 'python -m servorg run RUN shows them; approve RUN DIGEST, or reject RUN.'
    query: loadTextContent('../queries/runs-held.kql')
    severity: 3
    every: 'PT15M'
    window: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'poison'
    title: 'A message failed five times'
    does: 'python -m servorg poison list says why; poison replay MESSAGE once the cause is gone.'
    query: loadTextContent('../queries/poison.kql')
    severity: 2
    every: 'PT15M'
    window: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'no-successful-run'
    title: 'No run succeeded for 26 hours'
    does: 'Look whether the app runs (/api/health), then at python -m servorg runs.'
    query: loadTextContent('../queries/no-successful-run.kql')
    severity: 1
    every: 'PT1H'
    window: 'P2D'
    operator: 'LessThan'
    threshold: 1
  }
  {
    name: 'customers-late'
    title: 'A customer had no successful run, or no refresh of its groups, for 26 hours'
    does: 'python -m servorg runs ID, then doctor: its CustOrg, its key, or a run that waits for a person.'
    query: loadTextContent('../queries/customers-late.kql')
    severity: 2
    every: 'PT1H'
    window: 'PT1H'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'report-not-sent'
    title: 'The daily report was not sent'
    does: 'The log names the setting or the permission; python -m servorg report --send-test proves it.'
    query: loadTextContent('../queries/report-not-sent.kql')
    severity: 2
    every: 'PT1H'
    window: 'PT1H'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'queue-age'
    title: 'A message waited for more than an hour'
    does: 'python -m servorg runs: more jobs than DeskDirector\'s pace allows, or a host that does not start.'
    query: loadTextContent('../queries/queue-age.kql')
    severity: 3
    every: 'PT15M'
    window: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'secret-expiring'
    title: 'A secret in the vault expires within 30 days'
    does: 'Make a new key where it comes from, and put it into the vault under the same name.'
    query: loadTextContent('../queries/secret-expiring.kql')
    severity: 2
    every: 'P1D'
    window: 'P1D'
    operator: 'GreaterThan'
    threshold: 0
  }
]

var ofCustOrg = [
  {
    name: 'groups-not-refreshed'
    title: 'The groups table was not refreshed for 26 hours'
    does: 'Look at /api/health and at the failures of refresh_groups.'
    query: loadTextContent('../queries/groups-not-refreshed.kql')
    severity: 2
    every: 'PT1H'
    window: 'P2D'
    operator: 'LessThan'
    threshold: 1
  }
]

var ofBoth = [
  {
    name: 'permission-lost'
    title: 'Microsoft Graph or DeskDirector refused the app'
    does: 'Graph: run infra/grant-permissions again; it grants what is missing and says so. DeskDirector: python -m servorg doctor.'
    query: loadTextContent('../queries/permission-lost.kql')
    severity: 2
    every: 'PT1H'
    window: 'PT1H'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'requests-failed'
    title: 'Requests fail with an error of the app'
    does: 'The log\'s event "request failed" names the function and the place.'
    query: loadTextContent('../queries/requests-failed.kql')
    severity: 3
    every: 'PT15M'
    window: 'PT15M'
    operator: 'GreaterThan'
    threshold: 4
  }
]

var rules = concat(role == 'servorg' ? ofServOrg : ofCustOrg, ofBoth)

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(emails)) {
  name: 'ag-${name}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'sync-entra'
    emailReceivers: [for (email, index) in emails: {
      name: 'person-${index}'
      emailAddress: email
      useCommonAlertSchema: true
    }]
  }
}

resource rule 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for alert in rules: {
  name: 'alert-${name}-${alert.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: '${name}: ${alert.title}'
    description: alert.does
    enabled: true
    autoMitigate: true
    severity: alert.severity
    scopes: [
      workspaceId
    ]
    evaluationFrequency: alert.every
    windowSize: alert.window
    // The tables appear with the first log line, after this deployment.
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: alert.query
          timeAggregation: 'Count'
          operator: alert.operator
          threshold: alert.threshold
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: empty(emails) ? [] : [
        people.id
      ]
    }
  }
}]
