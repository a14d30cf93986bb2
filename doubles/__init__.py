"""Stand-ins on real sockets for Microsoft Graph, the managed-identity endpoint and DeskDirector. Never shipped."""
