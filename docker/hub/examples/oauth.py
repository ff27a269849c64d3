# The university's single sign-on, by OpenID Connect. Register the hub there with the callback https://HUB/hub/oauth_callback, and
# put the secret that you get into oauth_secret beside this file, readable by nobody else.
from pathlib import Path

c = get_config()
c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.client_id = "descent"
c.GenericOAuthenticator.client_secret = (Path(__file__).parent / "oauth_secret").read_text().strip()
c.GenericOAuthenticator.oauth_callback_url = "https://descent.example.edu/hub/oauth_callback"
c.GenericOAuthenticator.authorize_url = "https://login.example.edu/oauth2/authorize"
c.GenericOAuthenticator.token_url = "https://login.example.edu/oauth2/token"
c.GenericOAuthenticator.userdata_url = "https://login.example.edu/oauth2/userinfo"
c.GenericOAuthenticator.scope = ["openid", "profile"]
c.GenericOAuthenticator.username_claim = "preferred_username"  # take another one if people may change theirs there: a teacher's name has a teacher's rights
