#!/usr/bin/env bash
# The whole story of a configuration by bash and curl, with SOAP envelopes written by hand and requests in no namespace.
#
#   soap_curl.sh URL PORT CA
#
# PORT is Soap11 or Soap12, CA a file with the certificate to trust. Each step that is done prints a line. A shell has no
# AES-SIV: passwords are sealed by the example of docs/api.md for Python, with the python3 that PATH finds. soap_client.py
# starts it.
set -euo pipefail

url=$1 port=$2 ca=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
case $port in
  Soap11) envelope=http://schemas.xmlsoap.org/soap/envelope/ media=text/xml ;;
  Soap12) envelope=http://www.w3.org/2003/05/soap-envelope media=application/soap+xml ;;
esac
sugar=CrmAddin.SugarCrm.SugarCrmAddin
plain="a password's text"
count=0 session='' key='' answer='' status=''

die() {
  printf '%s\nHTTP status %s: %s\n' "$1" "$status" "$answer" >&2
  exit 1
}

escape() {
  sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'
}

# prop NAME VALUE: a property.
prop() {
  printf '<Property Name="%s">%s</Property>' "$1" "$(escape <<<"$2")"
}

# part NAME JSON: a container of a configuration.
part() {
  printf '<Container Name="%s">%s</Container>' "$1" "$(prop JSONData "$2")"
}

# send BODY [HEADER]: one envelope; what came is in $answer and $status. Requests carry passwords: curl reads them from its
# standard input, since its words are for every user of the machine to see.
send() {
  local reply
  reply=$(curl -sS --noproxy '*' --cacert "$ca" -H "Content-Type: $media; charset=utf-8" -w '\n%{http_code}' \
    --data-binary @- "$url/api/soap" <<<"<e:Envelope xmlns:e=\"$envelope\">${2-}<e:Body>$1</e:Body></e:Envelope>")
  status=${reply##*$'\n'}
  answer=${reply%$'\n'*}
}

# execute RESULT OPERATION [PAYLOAD] [ELEMENTS]: has an operation executed, and holds the answer to the result expected.
execute() {
  count=$((count + 1))
  send "<Request Operation=\"$2\"><InvokeID>$2 $count</InvokeID>${session:+<SessionID>$session</SessionID>}${4-}
<OperationPayload>${3-}</OperationPayload></Request>"
  [[ $status == 200 && $answer == *":Envelope xmlns:"*"=\"$envelope\""* ]] || die "$2 $count: not an answer"
  [[ $answer == *"<Response Result=\"$1\"><InvokeID>$2 $count</InvokeID>"* ]] || die "$2 $count: no $1"
}

succeed() {
  execute Success "$@"
}

# fail CODE OPERATION [PAYLOAD]: the operation is refused with that code.
fail() {
  execute Fail "${@:2}"
  holds ErrorCode "$1"
}

# value NAME: prints the first property of the answer that has this name.
value() {
  [[ $answer =~ \<Property\ Name=\"$1\"\>([^<]*)\< ]] || die "no $1"
  printf '%s' "${BASH_REMATCH[1]}"
}

holds() {
  local is
  is=$(value "$1")
  [[ $is == "$2" ]] || die "$1 is not $2"
}

# transit DO FIELD: seals or opens its standard input under $key.
transit() {
  SEAL_KEY=$key PYTHONPATH=$here python3 -c '
import os, sys
from sealing import Python
print(getattr(Python(), sys.argv[1])(os.environ["SEAL_KEY"], sys.argv[2], sys.stdin.read()), end="")' "$@"
}

create() {
  session=''
  succeed CreateSession
  session=$(value SessionID)
}

sign_in() {
  create
  succeed Authenticate "$(prop UserName "$1")$(prop Password "demo-$1")"
}

story() {
  local scope named about sealed empty number
  sign_in editor
  key=$(value TransportKey)
  echo 'create session, authenticate'
  scope=$(prop TelSysID 1; prop PartIDInTelSys 1; prop DeviceNumber 01234567101)
  about=$(prop CRMType "$sugar"; prop ReturnID true)
  empty=$(part CRMConfiguration '{}'; part CRMConfigurationCommon '{}')
  sealed=$(printf '%s' "$plain" | transit seal Password)
  succeed CRMConfigurationAdd "$scope$about$(prop Description "by curl, $port")$(
    part CRMConfiguration "{\"UserName\":\"crm\",\"Password\":\"$sealed\"}"; part CRMConfigurationCommon '{}')"
  named=$scope$(prop CRMConfigurationID "$(value CRMConfigurationID)")
  echo 'add with a sealed password'
  for number in 0 1 2; do
    succeed CRMConfigurationAdd "$scope$about$(prop Description "another $number, $port")$empty"
  done
  succeed CRMConfigurationList "$scope$(prop SearchQuery ", $port"; prop Sort Description:DESC)" \
    '<Offset>1</Offset><Limit>2</Limit>'
  holds Offset 1
  holds Total 4
  [[ $(grep -o '<Property Name="Description">[^<]*' <<<"$answer" | cut -d'>' -f2) == "another 2, $port
another 1, $port" ]] || die 'not the rows of that page'
  echo 'list with search, sort and page'
  succeed CRMConfigurationInfo "$named"
  holds Description "by curl, $port"
  holds UserName crm
  [[ $(printf '%s' "$(value Password)" | transit open Password) == "$plain" ]] || die 'another password'
  echo 'info, its password opened'
  succeed CRMConfigurationChange "$named$(prop Description "changed, $port"; prop ReturnID true)"
  succeed CRMConfigurationInfo "$named"
  holds Description "changed, $port"
  echo 'change'
  succeed CRMConfigurationDelete "$named"
  fail 31003 CRMConfigurationInfo "$named"
  echo 'delete'
  failures "$empty"
  echo 'a failure of each family'
  faults
  echo 'two faults'
  succeed Logout
  fail 10302 CRMConfigurationList
  echo 'logout'
}

# add_fails CODE [TELSYS PARTITION DEVICE DESCRIPTION TYPE CONFIGURATION COMMON MORE]: an Add that is right but for what is
# given.
add_fails() {
  local payload
  payload=$(
    prop TelSysID "${2:-1}"; prop PartIDInTelSys "${3:-1}"; prop DeviceNumber "${4:-01234567101}"
    prop Description "${5-by curl, $port}"; prop CRMType "${6:-$sugar}"
    printf '%s' "${9-}"
    part CRMConfiguration "${7:-"{}"}"; part CRMConfigurationCommon "${8:-"{}"}"
  )
  fail "$1" CRMConfigurationAdd "$payload"
}

failures() {
  add_fails 10511 999
  fail 10313 AccountList
  # This function's own session from here on, also in what it calls; the editor's stays for the rest of the story.
  local session=''
  # The directory comes behind the grants: only who may write everywhere is told what is not in it.
  sign_in admin
  # An empty Description counts as none.
  add_fails 10107 '' '' '' ''
  add_fails 10108 '' '' '' "$port" '' '' '' "$(prop Nothing 'of the kind')"
  add_fails 11012 one
  add_fails 11013 999
  add_fails 11131 '' 999
  add_fails 11161 '' '' 999
  add_fails 31000 '' '' '' "another 1, $port"
  add_fails 31005 '' '' '' "$port" Nobody.Has.It
  add_fails 31006 '' '' '' "$port" '' '{"Password":"in clear"}'
  add_fails 31007 '' '' '' "$port" '' '' '{"Nothing":"of the kind"}'
  sign_in viewer
  [[ $answer != *TransportKey* ]] || die 'a viewer was given a key'
  add_fails 10515
  session=''
  fail 10301 CRMConfigurationList
  session=00000000000000000000000000000000
  fail 10302 CRMConfigurationList
  create
  fail 10305 CRMConfigurationList
  fail 10307 Authenticate "$(prop UserName editor)$(prop Password 'not this one')"
}

# faulted STATUS CODE: the answer is a fault with this code of its SOAP version.
faulted() {
  local tag=faultcode
  [[ $port == Soap11 ]] || tag='[a-z]+:Value'
  [[ $status == "$1" && $answer =~ \<$tag\>[a-z]+:$2\</ ]] || die "no fault $2"
}

# Two requests in a body, and a header block that must be understood.
faults() {
  local request='<Request Operation="Logout"><InvokeID>1</InvokeID></Request>'
  send "$request$request"
  if [[ $port == Soap11 ]]; then faulted 500 Client; else faulted 400 Sender; fi
  holds ErrorCode 10102
  send "$request" '<e:Header><no:Security xmlns:no="urn:nobody" e:mustUnderstand="1"/></e:Header>'
  faulted 500 MustUnderstand
}

story
