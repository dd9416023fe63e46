# powershell -File install.ps1 [-Folder FOLDER]
#
# Installs entra-auth-cli on Windows: takes the executable and the list of sums from a release, compares them, and puts
# the executable into FOLDER (%LOCALAPPDATA%\Programs\entra-auth-cli by default).
#
# $env:ENTRA_AUTH_CLI_RELEASE is the address of the release's files, as https://example.org/releases/v1.2.3.
[CmdletBinding()]
param([string] $Folder = (Join-Path $env:LOCALAPPDATA 'Programs\entra-auth-cli'))

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
# Windows PowerShell shows progress so slowly that it becomes most of the download.
$ProgressPreference = 'SilentlyContinue'

$release = $env:ENTRA_AUTH_CLI_RELEASE
if (-not $release) { throw "Set ENTRA_AUTH_CLI_RELEASE to the address of a release's files" }
$release = $release.TrimEnd('/')
# The sums come from where the executable does, so what both are worth is the way to there.
if ($release -notmatch '^(https://|http://(127\.0\.0\.1|localhost)[:/])') {
  throw "$release is not https, so anybody on the way could put another program in"
}
# Windows on ARM runs it too.
$name = 'entra-auth-cli-x86_64-pc-windows-msvc.exe'

New-Item -ItemType Directory -Force -Path $Folder | Out-Null
# Beside its place, so that it gets there in one step.
$draft = Join-Path $Folder ('.entra-auth-cli.' + [guid]::NewGuid())
New-Item -ItemType Directory -Path $draft | Out-Null
try {
  $sums = Join-Path $draft 'SHA256SUMS'
  Invoke-WebRequest -UseBasicParsing -Uri "$release/SHA256SUMS" -OutFile $sums
  $line = Get-Content $sums | Where-Object { $_ -match "^[0-9a-f]{64} [ *]$([regex]::Escape($name))$" } |
    Select-Object -First 1
  if (-not $line) { throw "$release has no $name" }
  $wanted = $line.Substring(0, 64)

  $file = Join-Path $draft 'entra-auth-cli.exe'
  Invoke-WebRequest -UseBasicParsing -Uri "$release/$name" -OutFile $file
  $found = (Get-FileHash -Algorithm SHA256 -Path $file).Hash.ToLowerInvariant()
  if ($found -ne $wanted) {
    throw "$name is not what the release says: its sum is $found, and should be $wanted"
  }
  # One that doesn't start here is better not installed.
  $version = & $file --version
  if ($LASTEXITCODE -ne 0) { throw "$name does not start on this machine" }
  Move-Item -Force -Path $file -Destination (Join-Path $Folder 'entra-auth-cli.exe')
} finally {
  Remove-Item -Recurse -Force -Path $draft
}

Write-Host "install: $version is in $Folder"
if (($env:Path -split ';') -notcontains $Folder) {
  Write-Host 'install: this folder is not in PATH yet; to add it for your user, run'
  Write-Host ("  [Environment]::SetEnvironmentVariable('Path', " +
    "[Environment]::GetEnvironmentVariable('Path', 'User') + ';$Folder', 'User')")
}
