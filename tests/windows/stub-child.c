/* Plays the agent for the service stub: tells by files in its folder that it started, with what, and how it ended. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

static DWORD WINAPI wait_for_stop(void *nothing) {
    char line[64];
    (void)nothing;
    if (fgets(line, sizeof line, stdin) && strcmp(line, "stop\n") == 0) {
        fclose(fopen("stopped", "w"));
        ExitProcess(0);
    }
    return 0;
}

static void enter_own_folder(void) {
    char path[MAX_PATH];
    GetModuleFileNameA(NULL, path, MAX_PATH);
    *strrchr(path, '\\') = 0;
    SetCurrentDirectoryA(path);
}

int main(int count, char **arguments) {
    enter_own_folder();
    FILE *starts = fopen("starts", "a");
    for (int i = 1; i < count; i++) fprintf(starts, "[%s]", arguments[i]);
    fputs("\n", starts);
    fclose(starts);
    CreateThread(NULL, 0, wait_for_stop, NULL, 0, NULL);
    for (;;) {
        if (remove("crash") == 0) return 3;
        if (remove("replace") == 0) return 75;
        Sleep(20);
    }
}
