# Sent to `sh` on the far machine; runs on dash, bash, busybox ash and mksh. Writes nothing there.
# $b: the boundary that begins each line of ours. $p: a prefix of slashes and dots that no file can know, so that the
# headings of head(1) cannot be forged; paths that F and X are called with carry it. $sudo: whether sudo may be tried.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C LANG=C TERM=dumb HOME=/nonexistent
export PATH LC_ALL LANG TERM HOME
unset ENV BASH_ENV CDPATH LANGUAGE POSIXLY_CORRECT COLUMNS
IFS=' 	
' nl='
'
set +e +u +f
umask 077
cd /
exec 4>&1
u=$(id -u)
to=
if timeout -s KILL 5 true; then to=y; fi
if [ -n "$(head -c 1 -v /dev/null)" ]; then
  H() { n=$1; shift; head -c "$n" -v -- "$@"; }
else
  H() { n=$1; shift; for f do printf '\n==> %s <==\n' "$f"; head -c "$n" <"$f"; done; }
fi
W() { printf '%s %s %s/\n' "$b" "$1" "$2"; }
# why nothing stands at a path: m nothing does, d a directory above may not be searched
Q() {
  q=$1 k=m
  while :; do
    case $q in /*/*) q=${q%/*} ;; *) return ;; esac
    if [ -d "$q" ]; then [ -x "$q" ] || k=d; return; fi
    if [ -e "$q" ]; then return; fi
  done
}
# why a path cannot be read as a file
V() {
  if [ -L "$1" ] && [ ! -e "$1" ]; then
    case $(stat -L -- "$1" 2>&1) in *ermission*) k=d ;; *'Too many'*) k=l ;; *) k=m ;; esac
  elif [ -c "$1" ]; then
    case $(stat -L -c %t:%T -- "$1") in 1:3) k=z ;; *) k=k ;; esac
  elif [ -e "$1" ]; then k=k; else Q "$1"; fi
}
# Four lanes of functions beside each other. J name: puts one at the end of the next lane. G: runs the lanes, each waiting in
# its pipe until those before have printed.
lane=0 l1= l2= l3= l4=
J() {
  lane=$((lane % 4 + 1))
  eval "l$lane=\"\$l$lane \$1;\""
}
G() {
  set -- "{ :;$l1 } </dev/null"
  for lane in "$l2" "$l3" "$l4"; do set -- "{ :;$lane } </dev/null 4>&1 | { $1; cat; }"; done
  eval "$1"
  lane=0 l1= l2= l3= l4=
}
E() { printf '\n%s e %s %s\n' "$b" "$1" "$2"; }
# S number path...: states
S() {
  i=$1
  shift
  printf '\n%s S %s\n' "$b" "$i"
  for f do [ -e "$f" ] || [ -L "$f" ] || { Q "$f"; W "$k" "$f"; }; done
  stat -c "$b s %f %s %u %g %Y %n/" -- "$@"
  E "$i" $?
}
# L number directory...: names with states; of all of them by one stat, where they are not too many for that
L() {
  i=$1 j=0 keep= other=
  shift
  printf '\n%s L %s\n' "$b" "$i"
  for d do
    j=$((j + 1))
    if [ ! -d "$d" ]; then
      if [ -e "$d" ] || [ -L "$d" ]; then
        other="$other \"\${$j}\""
        V "$d"
        case $k in d | l) ;; *) k=k ;; esac
      else Q "$d"; fi
      W "$k" "$d"
    elif [ -r "$d" ] && [ -x "$d" ]; then
      keep="$keep \"\${$j}\""
    else W d "$d"; fi
  done
  if [ -n "$other" ]; then eval "stat -c \"\$b s %f %s %u %g %Y %n/\" -- $other"; fi
  eval "set -- $keep"
  keep= j=0
  for d do
    j=$((j + 1))
    keep="$keep \"\${$j}\" \"\${$j}\"/* \"\${$j}\"/.[!.]* \"\${$j}\"/..?*"
  done
  if [ $# -gt 0 ]; then N "$@"; fi
  E "$i" 0
}
N() {
  if O "$@"; then
    for d do W n "$d"; done
  elif [ $# -gt 1 ]; then
    for d do
      set -- "$d"
      keep='"$1" "$1"/* "$1"/.[!.]* "$1"/..?*'
      N "$d"
    done
  else W t "$1"; fi
}
O() {
  eval "set -- $keep"
  if [ $# -gt 20003 ]; then return 1; fi
  stat -c "$b s %f %s %u %g %Y %n/" -- "$@"
  [ $? -lt 2 ]
}
# F number limit path...: contents
F() {
  i=$1 m=$2 j=0 keep=
  shift 2
  printf '\n%s F %s\n' "$b" "$i"
  for f do
    j=$((j + 1))
    if [ -f "$f" ]; then
      case $f in
        *"$nl"*) W o "$f" ;;
        *) if [ -r "$f" ]; then keep="$keep \"\${$j}\""; W f "${f#"$p"}"; else W d "$f"; fi ;;
      esac
    else V "$f"; W "$k" "$f"; fi
  done
  eval "set -- $keep"
  printf '\n%s h\n' "$b"
  e=
  if [ $# -gt 0 ]; then e=$(H "$m" "$@" 2>&1 >&4); fi
  E "$i" "$e"
}
# A command whose standard output goes on, at most $m octets of it. $s: its status. $e: what it said on standard error.
C() {
  s=$( { { "$@" 3>&-; echo $? >&3; } | head -c "$m" >&4; } 3>&1 )
}
D() {
  e=$( { { "$@" 2>&5 5>&-; echo " $?" >&5; } | head -c "$m" >&4; } 5>&1 | tail -c 2000 )
}
# P path: whether root alone may read it as a file, or tell whether it is there
P() {
  if [ -f "$1" ]; then [ ! -r "$1" ]
  else V "$1"; [ $k = d ]; fi
}
# X number limit path raw-path cut: one file; by sudo where it cannot be read without. Cutters read a path as their last word.
X() {
  i=$1 m=$2 f=$3 g=$4
  shift 4
  if [ -f "$f" ] && [ -r "$f" ]; then
    printf '\n%s X %s\n' "$b" "$i"
    if [ $# -gt 0 ]; then D "$@" -- "$f"; else D head -c "$m" -- "$f"; fi
  else
    V "$f"
    if [ -f "$f" ]; then k=d; fi
    if [ $k = d ] && [ -n "$sudo" ] && [ "$u" != 0 ] && [ -n "$g" ]; then
      printf '\n%s X %s\n' "$b" "$i"
      if [ $# -gt 0 ]; then D sudo -n /usr/bin/timeout -s KILL 10 /usr/bin/"$@" -- "$g"
      else D sudo -n /usr/bin/timeout -s KILL 10 /usr/bin/head -c "$m" -- "$g"; fi
    else
      printf '\n%s X %s\n' "$b" "$i"
      e=$k
    fi
  fi
  E "$i" "$e"
}
# Y number octets arguments...: a command that is only of use by sudo
Y() {
  i=$1 m=$2
  shift 2
  printf '\n%s Y %s\n' "$b" "$i"
  if [ -n "$sudo" ] && [ "$u" != 0 ]; then D sudo -n /usr/bin/timeout -s KILL "$@"; else e=-; fi
  E "$i" "$e"
}
Z() { Y "$@"; }
# T number program [program or file]: whether they are there; else the call with the number has its answer
T() {
  i=$1
  shift
  for f do
    if ! command -v "$f" >/dev/null && [ ! -e "$f" ]; then
      printf '\n%s R %s\n' "$b" "$i"
      E "$i" none
      return 1
    fi
  done
}
# R number seconds program...: a command that is there
R() {
  i=$1 t=$2
  shift 2
  printf '\n%s R %s\n' "$b" "$i"
  if [ -z "$to" ]; then s=unlimited
  else m=$cap; C timeout -s KILL "$t" "$@"; fi
  E "$i" "$s"
}
# U number seconds program...: the same, by sudo where that may be used
U() {
  w=$(command -v "$3")
  case $w in /*) ;; *) R "$@"; return ;; esac
  if [ "$u" = 0 ]; then R "$@"; return; fi
  if [ -z "$sudo" ]; then R "$@"; return; fi
  i=$1 t=$2 m=$cap v=$3
  shift 3
  printf '\n%s U %s\n' "$b" "$i"
  D sudo -n /usr/bin/timeout -s KILL "$t" "$w" "$@"
  E "$i" "$e"
  case $e in *sudo:*) R "$i" "$t" "$v" "$@" ;; esac
}
# A name variable end: where merging directories has made the one a link to the other, nothing is asked below the link.
A() {
  PWD=
  cd -P "$1"
  if [ "$PWD" = "$3" ]; then W a "$1"; eval "$2=/-"; else eval "$2=$1"; fi
  cd /
}
# whether everything among these that is there can be read without sudo
B() {
  for f do
    if [ -e "$f" ]; then
      [ -r "$f" ] || return 1
      [ ! -d "$f" ] || [ -x "$f" ] || return 1
    else
      Q "$f"
      [ $k = m ] || return 1
    fi
  done
}
