# powershell -ExecutionPolicy Bypass -File install.ps1 [-Folder FOLDER] [-Uninstall]
#
# Installs or upgrades entra-auth-cli on Windows: downloads the executable and the list of sums of a release, compares them, and puts
# the executable into FOLDER (default: %LOCALAPPDATA%\Programs\entra-auth-cli). Leaves nothing behind if something fails.
# -Uninstall removes the executable, and leaves the tokens and profiles in their own folder.
#
# $env:ENTRA_AUTH_CLI_RELEASE is the address of the release's files, as https://example.org/releases/v1.2.3.
# $env:ENTRA_AUTH_CLI_SHA256, if set, is the sum that the executable must have, whatever the list says.
#
# If gh is installed and signed in, it verifies who built the executable. $env:ENTRA_AUTH_CLI_REPOSITORY is the
# OWNER/NAME of the repository that must have built it; it is known from an address on GitHub.
[CmdletBinding()]
param(
  [string] $Folder = (Join-Path $env:LOCALAPPDATA 'Programs\entra-auth-cli'),
  [switch] $Uninstall
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
# Windows PowerShell 5.1 offers older versions first.
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor
  [Net.SecurityProtocolType]::Tls12

$place = Join-Path $Folder 'entra-auth-cli.exe'
# Windows does not replace or remove a program that runs, but renames it. What an earlier run left aside goes first.
function Move-Aside {
  Get-ChildItem -LiteralPath $Folder -Filter '.entra-auth-cli.*.old' -Force -ErrorAction SilentlyContinue |
    Remove-Item -Force -ErrorAction SilentlyContinue
  if (-not (Test-Path -LiteralPath $place -PathType Leaf)) { return $null }
  $aside = Join-Path $Folder ('.entra-auth-cli.' + [guid]::NewGuid() + '.old')
  Move-Item -LiteralPath $place -Destination $aside
  return $aside
}
if ($Uninstall) {
  $aside = Move-Aside
  if (-not $aside) { throw "There is no $place" }
  Remove-Item -Force -LiteralPath $aside -ErrorAction SilentlyContinue
  Write-Host "install: removed $place"
  Write-Host 'install: tokens and profiles are still in %USERPROFILE%\.entra-auth-cli: remove this folder, if nobody needs them'
  if (Test-Path -LiteralPath $aside) { Write-Host "install: it still runs: remove $aside once it has ended" }
  return
}

$release = $env:ENTRA_AUTH_CLI_RELEASE
if (-not $release) { throw "Set ENTRA_AUTH_CLI_RELEASE to the address of a release's files" }
$release = $release.TrimEnd('/')
$parsed = $null
$isAddress = [uri]::TryCreate($release, [UriKind]::Absolute, [ref] $parsed)
# The sums come from the same place as the executable, so they are worth as much as the connection to it. A user name
# is refused: http://localhost:x@example.org is an address at example.org.
$isTrusted = $isAddress -and $parsed.UserInfo -eq '' -and $release -notmatch '\\' -and (
  $parsed.Scheme -eq 'https' -or
  ($parsed.Scheme -eq 'http' -and $parsed.DnsSafeHost -in @('localhost', '127.0.0.1', '::1'))
)
if (-not $isTrusted) {
  throw "Invalid release address ""$release"": expected https, because anyone on the way could replace the program"
}
# Windows on ARM runs it too.
$name = 'entra-auth-cli-x86_64-pc-windows-msvc.exe'
if (Test-Path -LiteralPath $place -PathType Container) {
  throw "$place is a folder: move it away, or name another folder"
}

# Downloads a file of the release. It follows no redirect from https to http, which Invoke-WebRequest does.
function Save-ReleaseFile([string] $File, [string] $Path) {
  $address = [uri] "$release/$File"
  foreach ($attempt in 1..5) {
    $request = [Net.WebRequest]::Create($address)
    $request.AllowAutoRedirect = $false
    $response = $request.GetResponse()
    try {
      $location = $response.Headers['Location']
      if (-not $location) {
        $stream = [IO.File]::Create($Path)
        try { $response.GetResponseStream().CopyTo($stream) } finally { $stream.Dispose() }
        return
      }
    } finally {
      $response.Close()
    }
    $next = [uri]::new($address, $location)
    if ($next.Scheme -ne $parsed.Scheme) { throw "$address redirects to $next, which is not $($parsed.Scheme)" }
    $address = $next
  }
  throw "$release/$File redirects without an end"
}

# Throws if gh can tell that another workflow, or none, built the file.
function Confirm-Attestation([string] $Path) {
  if (-not (Get-Command gh -CommandType Application -ErrorAction SilentlyContinue)) { return }
  $repository = $env:ENTRA_AUTH_CLI_REPOSITORY
  if (-not $repository -and $release -match '^https://github\.com/([^/]+/[^/]+)/releases/download/') {
    $repository = $Matches[1]
  }
  if (-not $repository) {
    Write-Host 'install: not verified who built it: set ENTRA_AUTH_CLI_REPOSITORY=OWNER/NAME to have gh do that'
    return
  }
  # What gh writes to its error stream must not end this script.
  $ErrorActionPreference = 'Continue'
  gh attestation verify --help *> $null
  if ($LASTEXITCODE -eq 0) { gh auth status *> $null }
  if ($LASTEXITCODE -ne 0) {
    Write-Host 'install: not verified who built it: update gh and sign in with `gh auth login` to have gh do that'
    return
  }
  gh attestation verify $Path --repo $repository --signer-workflow "$repository/.github/workflows/release.yml" |
    Out-Host
  if ($LASTEXITCODE -ne 0) { throw "$name was not built by the release workflow of $repository" }
}

$isNew = -not (Test-Path -LiteralPath $Folder)
New-Item -ItemType Directory -Force -Path $Folder | Out-Null
# In the same folder, so that the executable gets to its place in one step.
$draft = Join-Path $Folder ('.entra-auth-cli.' + [guid]::NewGuid())
New-Item -ItemType Directory -Path $draft | Out-Null
try {
  $sums = Join-Path $draft 'SHA256SUMS'
  Save-ReleaseFile 'SHA256SUMS' $sums
  $line = Get-Content -LiteralPath $sums |
    Where-Object { $_ -match "^[0-9a-f]{64} [ *]$([regex]::Escape($name))$" } |
    Select-Object -First 1
  if (-not $line) { throw "$release has no $name" }
  $wanted = @($line.Substring(0, 64))
  if ($env:ENTRA_AUTH_CLI_SHA256) { $wanted += $env:ENTRA_AUTH_CLI_SHA256 }

  $file = Join-Path $draft 'entra-auth-cli.exe'
  Save-ReleaseFile $name $file
  $found = (Get-FileHash -Algorithm SHA256 -LiteralPath $file).Hash.ToLowerInvariant()
  foreach ($sum in $wanted) {
    if ($found -ne $sum) { throw "$name has the wrong sum: expected $sum, found $found" }
  }
  Confirm-Attestation $file
  # One that does not start here is not installed.
  $version = & $file --version
  if ($LASTEXITCODE -ne 0) { throw "$name does not start on this machine" }
  $aside = Move-Aside
  try {
    Move-Item -LiteralPath $file -Destination $place
  } catch {
    if ($aside) { Move-Item -LiteralPath $aside -Destination $place }
    throw
  }
  if ($aside) { Remove-Item -Force -LiteralPath $aside -ErrorAction SilentlyContinue }
} finally {
  Remove-Item -Recurse -Force -LiteralPath $draft
  if ($isNew -and -not (Test-Path -LiteralPath $place)) { Remove-Item -Force -LiteralPath $Folder }
}

Write-Host "install: $version is in $Folder"
if (($env:Path -split ';') -notcontains $Folder) {
  $quoted = $Folder -replace "'", "''"
  Write-Host 'install: this folder is not in PATH yet; to add it for your user, run'
  Write-Host ("  [Environment]::SetEnvironmentVariable('Path', " +
    "[Environment]::GetEnvironmentVariable('Path', 'User') + ';$quoted', 'User')")
}
