from django.test import TestCase


class SignTest(TestCase):
    def test_sign(self):
        self.client.get("/sign?name=Lin")
        self.assertContains(self.client.get("/"), "Lin")
