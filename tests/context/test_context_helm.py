"""What a template of Helm's says with values; see context/helm.py."""

from __future__ import annotations

import pytest

from dockfix.context.helm import charts, filled_in

VALUES: dict[str, object] = {
    "image": {"repository": "shop", "tag": "1"},
    "env": [{"name": "A", "value": "1"}],
    "variables": {"A": "1", "B": "two words"},
    "off": "",
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("image: {{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}", "image: shop:1"),
        ('tag: {{ .Values.image.digest | default "latest" | quote }}', 'tag: "latest"'),
        ("env:\n  {{- toYaml .Values.env | nindent 2 }}", 'env:\n  \n  - {"name": "A", "value": "1"}'),
        ("{{ range .Values.env }}{{ .name }}={{ .value }};{{ end }}", "A=1;"),
        ("{{ range $k, $v := .Values.variables }}{{ $k }}={{ $v }};{{ end }}", "A=1;B=two words;"),
        ("{{ range $v := .Values.variables }}{{ $v }};{{ end }}", "1;two words;"),
        ("{{ with .Values.image }}{{ .repository }}{{ $.Values.image.tag }}{{ end }}", "shop1"),
        ("{{ with .Values.off }}on{{ else }}off{{ end }}", "off"),
        ("{{ if .Values.off }}on{{ else if .Values.env }}{{ .Values.image.tag }}{{ end }}", "on1"),
        ("{{- $name := .Values.image.tag -}}{{ $name }}", "1"),
        ('{{/* {{ if }} no block */}}{{ include "shop.name" . }}x', " no block */}}x"),
        ("{{ (index .Values.env 0).name }}{{ printf `%s` .Values.x }}", ""),
        ("{{ if .Values.off }}never ended", "{{ if .Values.off }}never ended"),
        ("{{ end }}text{{ }}", "text"),
        ("{{ define `x` }}not here{{ end }}", ""),
        ("{{ range .Values.image.tag.nothing }}x{{ end }}{{ .Values.a.b.c.d }}", ""),
    ],
)
def test_it_is_filled_in(template: str, text: str) -> None:
    assert filled_in(template.encode(), VALUES, "shop").decode() == text


def test_other_values_are_laid_over_those_of_the_chart() -> None:
    found = charts(
        {
            "c/Chart.yaml": b"name: shop\n",
            "c/values.yaml": b"a: {b: 1, c: 2}\n",
            "c/values-prod.yaml": b"a: {b: 3}\n",
            "c/values.bad.yaml": b"a: [\n",
            "values.yaml": b"a: 9\n",
        }
    )
    assert found == {"c": [{"a": {"b": "1", "c": "2"}}, {"a": {"b": "3", "c": "2"}}, {"a": {"b": "1", "c": "2"}}]}
