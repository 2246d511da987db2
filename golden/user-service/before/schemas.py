from pydantic import BaseModel, EmailStr


class SignUp(BaseModel):
    name: str
    email: EmailStr
    password: str


class Profile(BaseModel):
    name: str
    email: EmailStr


class Token(BaseModel):
    access_token: str
    token_type: str
