import json

from django.conf import settings
from django.shortcuts import render
from django.urls import path


def index(request):
    manifest = json.loads(settings.VITE_MANIFEST.read_text())
    return render(request, "index.html", {"script": f"dist/{manifest['src/main.js']['file']}"})


urlpatterns = [path("", index)]
