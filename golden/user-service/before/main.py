"""User service: sign-up, log-in and profiles (kept in memory; the real store sits behind `repository`)."""

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm

import security
from repository import users
from schemas import Profile, SignUp, Token

app = FastAPI(title="user-service")
bearer = OAuth2PasswordBearer(tokenUrl="/token")


@app.get("/health")
def health():
    return {"status": "ok", "service": "user-service"}


@app.post("/users", status_code=201, response_model=Profile)
def sign_up(body: SignUp):
    if body.email in users:
        raise HTTPException(409, "email is taken")
    users[body.email] = {"name": body.name, "email": body.email, "hash": security.hash_password(body.password)}
    return users[body.email]


@app.post("/token", response_model=Token)
def log_in(form: OAuth2PasswordRequestForm = Depends()):
    user = users.get(form.username)
    if not user or not security.verify_password(form.password, user["hash"]):
        raise HTTPException(401, "wrong email or password")
    return {"access_token": security.make_token(form.username), "token_type": "bearer"}


@app.get("/me", response_model=Profile)
def me(token: str = Depends(bearer)):
    email = security.read_token(token)
    if email not in users:
        raise HTTPException(401, "unknown user")
    return users[email]
