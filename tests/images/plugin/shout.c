#include <ctype.h>
void change(char* text) {
  for (; *text != 0; ++text) *text = (char)toupper((unsigned char)*text);
}
