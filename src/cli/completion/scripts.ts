const bash = `# bash completion of vlgraft: eval "$(vlgraft completion bash)"
_vlgraft() {
  local line=\${COMP_LINE:0:COMP_POINT} word cut value
  local -a words
  # As it is typed: bash splits words at = and :, vlgraft does not.
  read -a words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  word=\${words[\${#words[@]}-1]}
  cut=\${word%"\${word##*[=:]}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    value=\${value#"$cut"}
    [[ $value == *[[:space:]]* ]] && printf -v value %q "$value"
    COMPREPLY+=("$value")
  done < <("\${words[0]}" complete -- "\${words[@]:1}" 2>/dev/null)
  # What ends so goes on: no space behind it.
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[/=:,] ]] && type compopt &>/dev/null && compopt -o nospace
  return 0
}
complete -F _vlgraft vlgraft
`;

const zsh = `#compdef vlgraft
# zsh completion of vlgraft: eval "$(vlgraft completion zsh)", after compinit
_vlgraft() {
  local -a values shown more moreshown
  local line value
  for line in "\${(@f)$("\${words[1]}" complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    value=\${line%%$'\\t'*}
    [[ -n $value ]] || continue
    [[ $line == *$'\\t'* ]] && line="$value  -- \${line#*$'\\t'}"
    if [[ $value == *[/=:,] ]]; then
      more+=("$value"); moreshown+=("$line")
    else
      values+=("$value"); shown+=("$line")
    fi
  done
  # What ends so goes on: no space behind it.
  (( \${#values} )) && compadd -l -d shown -a values
  (( \${#more} )) && compadd -S '' -l -d moreshown -a more
  return 0
}
if [ "\${funcstack[1]}" = _vlgraft ]; then
  _vlgraft
else
  compdef _vlgraft vlgraft
fi
`;

const fish = `# fish completion of vlgraft: vlgraft completion fish | source
function __vlgraft_complete
  set -l words (commandline -opc)
  $words[1] complete -- $words[2..] (commandline -ct) 2>/dev/null
end
complete -c vlgraft -f -k -a '(__vlgraft_complete)'
`;

/** What each shell loads to complete words of vlgraft: it asks \`vlgraft complete\` at every Tab. */
export const completionScripts = { bash, zsh, fish } as const;
