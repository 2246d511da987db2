from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import JsonResponse
from django.urls import path


def keep(request, name):
    return JsonResponse({"kept": default_storage.save(f"{name}.txt", ContentFile(b"picture"))})


urlpatterns = [path("keep/<slug:name>", keep)]
