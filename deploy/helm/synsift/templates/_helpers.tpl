{{/* A long one is cut, and ends with what tells it from others that begin alike: a CronJob has at most 52 characters. */}}
{{- define "synsift.fullname" -}}
{{- $name := ternary .Release.Name (printf "%s-synsift" .Release.Name) (contains "synsift" .Release.Name) -}}
{{- if gt (len $name) 44 }}{{ $name | trunc 35 | trimSuffix "-" }}-{{ sha256sum $name | trunc 8 }}{{ else }}{{ $name }}{{ end }}
{{- end }}

{{/* Of every topic: what workers are told is what the rest of the chart goes by. */}}
{{- define "synsift.partitions" -}}
{{ ((.Values.config.log | default dict).partitions | default 16) | int }}
{{- end }}

{{- define "synsift.selector" -}}
app.kubernetes.io/name: synsift
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "synsift.labels" -}}
{{ include "synsift.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "synsift.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "synsift.fullname" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end }}
{{- end }}

{{/* The configuration as it is mounted; where and by which port a worker serves is the chart's. */}}
{{- define "synsift.config" -}}
{{- $service := dict "host" "0.0.0.0" "port" 9464 -}}
{{ mergeOverwrite (deepCopy .Values.config) (dict "service" (mergeOverwrite (deepCopy (.Values.config.service | default dict)) $service)) | toToml }}
{{- end }}

{{/* What all pods of a release have in common. Call with a dict of root, config and serviceAccount. */}}
{{- define "synsift.pod" -}}
serviceAccountName: {{ .serviceAccount }}
automountServiceAccountToken: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: config
    configMap: {name: {{ .config }}}
  - name: tmp
    emptyDir: {}
{{- end }}

{{- define "synsift.container" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
env:
  - {name: SYNSIFT_CONFIG, value: /etc/synsift/synsift.toml}
  - {name: XDG_CACHE_HOME, value: /tmp/cache}
  - {name: HOME, value: /tmp}
{{- with .Values.existingSecret }}
envFrom:
  - secretRef: {name: {{ . }}}
{{- end }}
volumeMounts:
  - {name: config, mountPath: /etc/synsift, readOnly: true}
  - {name: tmp, mountPath: /tmp}
workingDir: /tmp
{{- end }}

{{- define "synsift.strimzi" -}}
{{ ternary "kafka.strimzi.io/v1beta2" "kafka.strimzi.io/v1" (and (.Capabilities.APIVersions.Has "kafka.strimzi.io/v1beta2") (not (.Capabilities.APIVersions.Has "kafka.strimzi.io/v1"))) }}
{{- end }}
