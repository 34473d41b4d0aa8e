# Write a document's first fenced block of a language to a file: the example that is compiled is the
# one that is shown. cmake -DFROM=x.md -DLANGUAGE=c -DOUT=x.c -P fenced.cmake
file(READ ${FROM} text)
string(FIND "${text}" "\n```${LANGUAGE}\n" start)
if(start EQUAL -1)
  message(FATAL_ERROR "${FROM} has no block of ${LANGUAGE}")
endif()
string(LENGTH "\n```${LANGUAGE}\n" fence)
math(EXPR start "${start} + ${fence}")
string(SUBSTRING "${text}" ${start} -1 text)
string(FIND "${text}" "\n```\n" end)
string(SUBSTRING "${text}" 0 ${end} text)
file(WRITE ${OUT} "${text}\n")
