# Passwords that the hub itself keeps, as bcrypt digests. Nobody can sign up: docker/hub/passwords.py gives everybody on the lists a
# random password, which they change at /hub/change-password.
c = get_config()
c.JupyterHub.authenticator_class = "nativeauthenticator.NativeAuthenticator"
c.NativeAuthenticator.enable_signup = False
c.NativeAuthenticator.minimum_password_length = 10
c.NativeAuthenticator.check_common_password = True
c.NativeAuthenticator.allowed_failed_logins = 10  # then a name has to wait, whoever gave the wrong passwords
c.NativeAuthenticator.seconds_before_next_try = 60
