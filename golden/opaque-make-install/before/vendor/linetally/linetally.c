/* Counts lines, words and bytes of standard input. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    long lines = 0, words = 0, bytes = 0;
    int c, inside = 0;

    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        puts("linetally 0.3");
        return 0;
    }
    while ((c = getchar()) != EOF) {
        bytes++;
        lines += c == '\n';
        if (isspace(c))
            inside = 0;
        else if (!inside)
            words += inside = 1;
    }
    printf("%ld %ld %ld\n", lines, words, bytes);
    return 0;
}
