# The passwords of this machine's accounts, or of the directory that its PAM asks (LDAP, Kerberos by SSSD). It is for the server of
# processes; in a container PAM knows only the container's own accounts.
c = get_config()
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.service = "login"
c.PAMAuthenticator.open_sessions = False  # a student's server has a uid of its own, not the account's
