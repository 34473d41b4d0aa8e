# Write files as C arrays: cmake -DOUT=x.c "-DPAIRS=name;file;…" -P embed.cmake
set(text "/* Generated from fixtures by scripts/embed.cmake. */\n")
while(PAIRS)
  list(POP_FRONT PAIRS name file)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND text "extern const char ${name}[];\nconst char ${name}[] = {${bytes}0};\n")
endwhile()
file(WRITE ${OUT} "${text}")
