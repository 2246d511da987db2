from django.http import HttpResponse
from django.shortcuts import render

from .models import Entry


def index(request):
    return render(request, "entries/index.html", {"entries": Entry.objects.order_by("-created")[:50]})


def sign(request):
    entry = Entry.objects.create(name=request.GET.get("name", "anonymous")[:80])
    return HttpResponse(f"signed by {entry.name}")
