// App Service authentication: it tells the pages who is signed in. Routes with a key or a signature of their own stay
// open to it, so anonymous requests pass, and each page sends whoever is not signed in to /.auth/login/aad itself.
param appName string
param clientId string

resource app 'Microsoft.Web/sites@2024-11-01' existing = {
  name: appName
}

resource signIn 'Microsoft.Web/sites/config@2024-11-01' = {
  // These checks take the authentication settings for a whole site; the site itself is checked in functionapp.bicep.
  // checkov:skip=CKV_AZURE_13: this is the authentication
  // checkov:skip=CKV_AZURE_63: no setting of authentication; requests are logged by Application Insights
  // checkov:skip=CKV_AZURE_65: no setting of authentication
  // checkov:skip=CKV_AZURE_66: no setting of authentication
  // checkov:skip=CKV_AZURE_80: there is no .NET here
  // checkov:skip=CKV_AZURE_88: no setting of authentication; Flex Consumption has no file share
  // checkov:skip=CKV_AZURE_222: no setting of authentication; see the site
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
    }
    httpSettings: {
      requireHttps: true
    }
    globalValidation: {
      requireAuthentication: false
      unauthenticatedClientAction: 'AllowAnonymous'
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: clientId
          // No secret: the identity whose client id this setting holds is trusted by the registration.
          clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [
            clientId
            'api://${clientId}'
          ]
        }
      }
    }
    login: {
      // Pages read claims only; with a store, scripts could read tokens at /.auth/me.
      tokenStore: {
        enabled: false
      }
    }
  }
}
