import { CliError } from "../../errors.ts";
import { COMPLETE } from "../arguments.ts";
import type { CommandContext } from "../context.ts";
import type { AnyCommand } from "../options/add_options.ts";

/**
 * The completion script for each shell. Each script asks this program, which prints one candidate per line (the word, a
 * tab, a description), so a script never has to be updated. If the program prints none, the shell offers files. After `--`
 * comes the command that `exec` runs, which the shell completes as if it stood alone.
 */
const SCRIPTS = {
  bash: `# Completions of entra-auth-cli for bash. In ~/.bashrc: source <(entra-auth-cli completions bash)
_entra_auth_cli() {
  local value at
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    [[ \${COMP_WORDS[at]} == -- ]] || continue
    if declare -F _comp_command_offset >/dev/null; then
      _comp_command_offset $((at + 1))
    elif declare -F _command_offset >/dev/null; then
      _command_offset $((at + 1))
    elif ((COMP_CWORD == at + 1)); then
      while IFS= read -r value; do
        COMPREPLY+=("$value")
      done < <(compgen -c -- "\${COMP_WORDS[COMP_CWORD]}")
    fi
    return
  done
  while IFS=$'\\t' read -r value _; do
    COMPREPLY+=("$(printf '%q' "$value")")
  done < <("\${COMP_WORDS[0]}" ${COMPLETE} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _entra_auth_cli entra-auth-cli
`,
  zsh: `#compdef entra-auth-cli
# Completions of entra-auth-cli for zsh. In ~/.zshrc, after compinit: source <(entra-auth-cli completions zsh)
_entra_auth_cli() {
  local line value description
  local -a candidates
  local -i dashes=\${words[(ie)--]}
  if (( dashes < CURRENT )); then
    words=("\${(@)words[dashes+1,-1]}")
    (( CURRENT -= dashes ))
    _normal
    return
  fi
  for line in "\${(@f)$("\${words[1]}" ${COMPLETE} "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    value=\${\${line%%$'\\t'*}//:/\\\\:}
    description=\${line#*$'\\t'}
    candidates+=("$value\${description:+:$description}")
  done
  if (( \${#candidates} )); then _describe 'entra-auth-cli' candidates; else _files; fi
}
if [[ $funcstack[1] == _entra_auth_cli ]]; then _entra_auth_cli "$@"; else compdef _entra_auth_cli entra-auth-cli; fi
`,
  fish: `# Completions of entra-auth-cli for fish.
# Once: entra-auth-cli completions fish > ~/.config/fish/completions/entra-auth-cli.fish
function __entra_auth_cli_complete
    set -l words (commandline -opc)
    if set -l dashes (contains -i -- -- $words)
        set -e words[1..$dashes]
        set -l line (commandline -ct)
        set -q words[1]; and set line (string join -- ' ' (string escape -- $words) $line)
        complete -C "$line"
        return
    end
    set -l answer ($words[1] ${COMPLETE} $words[2..-1] (commandline -ct) 2>/dev/null)
    if test -n "$answer"
        printf '%s\\n' $answer
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c entra-auth-cli -f -a '(__entra_auth_cli_complete)'
`,
  powershell: `# Completions of entra-auth-cli for PowerShell. In $PROFILE:
#   entra-auth-cli completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName 'entra-auth-cli', 'entra-auth-cli.exe' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
    $dashes = [array]::IndexOf($before, '--')
    if ($dashes -ge 0) {
        if ($dashes -eq $before.Count - 1) {
            [System.Management.Automation.CompletionCompleters]::CompleteCommand($wordToComplete)
        }
        return
    }
    # Windows PowerShell drops an empty argument, but not a pair of quotes.
    $word = if ($wordToComplete) { $wordToComplete } else { "''" }
    $program = $commandAst.CommandElements[0].ToString()
    & $program ${COMPLETE} @before $word 2>$null | ForEach-Object {
        $value, $description = $_ -split "\`t", 2
        $text = if ($value -match '[\\s''"]') { "'" + ($value -replace "'", "''") + "'" } else { $value }
        $tip = if ($description) { $description } else { $value }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $tip)
    }
}
`,
} as const;

const SHELLS = Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[];

export function completionsCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  return command
    .description("Print the completion script of a shell: for commands, flags, profiles and flows.")
    .arguments("<shell:string:shell>")
    .complete("shell", () => SHELLS)
    .example("bash", "echo 'source <(entra-auth-cli completions bash)' >> ~/.bashrc")
    .example("zsh", "echo 'source <(entra-auth-cli completions zsh)' >> ~/.zshrc")
    .example("fish", "entra-auth-cli completions fish > ~/.config/fish/completions/entra-auth-cli.fish")
    .example("PowerShell", "entra-auth-cli completions powershell >> $PROFILE")
    .action((_flags, shell) => runCompletions(shell, context));
}

/** Prints the script for `shell`. @throws {CliError} `usage` for a shell without one. */
export async function runCompletions(shell: string, { terminal }: CommandContext): Promise<void> {
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined) {
    throw new CliError("usage", `Invalid shell ${JSON.stringify(shell)}: expected ${SHELLS.join(", ")}`, {
      hint: "Example: entra-auth-cli completions bash",
    });
  }
  await terminal.writeData(SCRIPTS[known]);
}
