{{/* Names and parts that several templates share. A leg is `process` or `sink`; its parts get (dict "root" $ "leg" "process"). */}}

{{- define "trackbridge.name" -}}
{{- if contains "trackbridge" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-trackbridge" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "trackbridge.selector" -}}
app.kubernetes.io/name: trackbridge
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .leg }}
{{- end }}

{{- define "trackbridge.labels" -}}
app.kubernetes.io/name: trackbridge
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* The configuration as it lies in the ConfigMap: the values' own, with the server that probes and scrapes need. */}}
{{- define "trackbridge.config" -}}
{{- $http := dict "http" (dict "host" "0.0.0.0" "port" .Values.httpPort) }}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) $http) }}
{{- end }}

{{- define "trackbridge.prefix" -}}
{{ .Values.config.kafka.prefix | default "trackbridge" }}
{{- end }}

{{/* KEDA wants the addresses as one text. */}}
{{- define "trackbridge.brokers" -}}
{{- $brokers := .Values.config.kafka.brokers }}
{{- if kindIs "slice" $brokers }}{{ join "," $brokers }}{{ else }}{{ $brokers }}{{ end }}
{{- end }}
