#include <string.h>
void change(char* text) {
  for (size_t begin = 0, end = strlen(text); begin + 1 < end; ++begin, --end) {
    char first = text[begin];
    text[begin] = text[end - 1];
    text[end - 1] = first;
  }
}
