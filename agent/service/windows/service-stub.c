/*
 * The program that Windows' Service Control Manager starts for us. It keeps the agent running:
 *
 *   restic-manager-service.exe NAME GRACE_MS AGENT.EXE [ARGUMENTS...]
 *
 * - starts the agent in a job object, so that nothing of it outlives this program;
 * - on stop or shutdown writes "stop\n" to the agent's standard input and gives it GRACE_MS before ending it;
 * - starts it again when it ends: at once for exit code 75 (it replaced itself), else after 1 s, doubling to 60 s;
 * - tells the event log when the agent ends unasked, or cannot be started.
 *
 * Built by: x86_64-w64-mingw32-gcc -Os -s -municode -static -Wl,--dynamicbase,--nxcompat,--no-insert-timestamp
 */
#define _WIN32_WINNT 0x0602
#include <windows.h>
#include <stdbool.h>
#include <stdio.h>
#include <wchar.h>

#define EXIT_REPLACED 75        /* the agent swapped its own executable and wants to be started again */
#define FIRST_PAUSE_MS 1000
#define LONGEST_PAUSE_MS 60000
#define STABLE_AFTER_MS 60000   /* an agent that ran this long starts again after the first pause */
#define COMMAND_CHARS 32767     /* the longest command line that CreateProcess takes, without its end mark */
#define EVENT_ID 1

static wchar_t *service_name;
static DWORD grace_ms;
static wchar_t command_line[COMMAND_CHARS + 1];

static SERVICE_STATUS_HANDLE status_handle;
static SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS};
static HANDLE stop_event;
static HANDLE job;

typedef struct {
    HANDLE process;
    HANDLE standard_input;
} Agent;

/* ---- the service manager's side ---- */

static void report(DWORD state, DWORD wait_hint_ms) {
    bool settled = state == SERVICE_RUNNING || state == SERVICE_STOPPED;
    status.dwCurrentState = state;
    status.dwWaitHint = wait_hint_ms;
    status.dwCheckPoint = settled ? 0 : status.dwCheckPoint + 1;
    status.dwControlsAccepted =
        state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_PRESHUTDOWN : 0;
    SetServiceStatus(status_handle, &status);
}

static DWORD WINAPI on_control(DWORD control, DWORD type, void *data, void *context) {
    (void)type, (void)data, (void)context;
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_SHUTDOWN:
    case SERVICE_CONTROL_PRESHUTDOWN:
        report(SERVICE_STOP_PENDING, grace_ms + 5000);
        SetEvent(stop_event);
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

static void log_event(WORD type, const wchar_t *format, DWORD number) {
    wchar_t text[256];
    const wchar_t *lines[] = {text};
    _snwprintf(text, 255, format, (unsigned long)number);
    text[255] = 0;
    HANDLE log = RegisterEventSourceW(NULL, service_name);
    if (!log) return;
    ReportEventW(log, type, 0, EVENT_ID, NULL, 1, 0, lines, NULL);
    DeregisterEventSource(log);
}

/* ---- the agent's side ---- */

/* Makes handles for the child: a pipe to write "stop" into, and NUL for what it prints (it keeps its own log). */
static bool open_standard_handles(STARTUPINFOW *startup, HANDLE *to_agent) {
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    HANDLE from_us;
    if (!CreatePipe(&from_us, to_agent, &inherited, 0)) return false;
    SetHandleInformation(*to_agent, HANDLE_FLAG_INHERIT, 0);
    HANDLE nothing =
        CreateFileW(L"NUL", GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited, OPEN_EXISTING, 0, NULL);
    startup->cb = sizeof *startup;
    startup->dwFlags = STARTF_USESTDHANDLES;
    startup->hStdInput = from_us;
    startup->hStdOutput = nothing;
    startup->hStdError = nothing;
    return true;
}

/* Starts the agent suspended, so that it is in the job before it can start anything itself. */
static bool start_agent(Agent *agent) {
    STARTUPINFOW startup = {0};
    PROCESS_INFORMATION started;
    static wchar_t writable[COMMAND_CHARS + 1]; /* CreateProcess may change what it is given */
    if (!open_standard_handles(&startup, &agent->standard_input)) return false;
    wcscpy(writable, command_line);
    BOOL created = CreateProcessW(NULL, writable, NULL, NULL, TRUE, CREATE_SUSPENDED | CREATE_NO_WINDOW, NULL, NULL,
                                  &startup, &started);
    CloseHandle(startup.hStdInput);
    CloseHandle(startup.hStdOutput);
    if (!created) {
        CloseHandle(agent->standard_input);
        return false;
    }
    AssignProcessToJobObject(job, started.hProcess);
    ResumeThread(started.hThread);
    CloseHandle(started.hThread);
    agent->process = started.hProcess;
    return true;
}

static void close_agent(Agent *agent) {
    CloseHandle(agent->standard_input);
    CloseHandle(agent->process);
}

/* Asks the agent to end, waits for it, and ends it by force when the grace is over. */
static void stop_agent(Agent *agent) {
    DWORD written;
    ULONGLONG deadline = GetTickCount64() + grace_ms;
    WriteFile(agent->standard_input, "stop\n", 5, &written, NULL);
    while (WaitForSingleObject(agent->process, 1000) == WAIT_TIMEOUT) {
        if (GetTickCount64() >= deadline) {
            log_event(EVENTLOG_WARNING_TYPE, L"The agent did not end within %lu ms and was ended by force.", grace_ms);
            TerminateJobObject(job, 1);
            break;
        }
        report(SERVICE_STOP_PENDING, 5000);
    }
}

/* Runs the agent once. Returns false when the service is to stop, else the agent's exit code in *exit_code. */
static bool run_agent_once(DWORD *exit_code) {
    Agent agent;
    if (!start_agent(&agent)) {
        log_event(EVENTLOG_ERROR_TYPE, L"The agent could not be started (error %lu).", GetLastError());
        *exit_code = (DWORD)-1;
        return true;
    }
    HANDLE either[] = {stop_event, agent.process};
    bool ended = WaitForMultipleObjects(2, either, FALSE, INFINITE) == WAIT_OBJECT_0 + 1;
    if (ended) {
        GetExitCodeProcess(agent.process, exit_code);
    } else {
        stop_agent(&agent);
    }
    close_agent(&agent);
    return ended;
}

static void keep_agent_running(void) {
    DWORD pause_ms = FIRST_PAUSE_MS;
    for (;;) {
        DWORD exit_code;
        ULONGLONG started_at = GetTickCount64();
        if (!run_agent_once(&exit_code)) return;
        if (GetTickCount64() - started_at > STABLE_AFTER_MS) pause_ms = FIRST_PAUSE_MS;
        if (exit_code == EXIT_REPLACED) continue;
        log_event(EVENTLOG_WARNING_TYPE, L"The agent ended with code %lu and will be started again.", exit_code);
        if (WaitForSingleObject(stop_event, pause_ms) == WAIT_OBJECT_0) return;
        pause_ms = pause_ms * 2 > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : pause_ms * 2;
    }
}

static void WINAPI service_main(DWORD count, wchar_t **arguments) {
    (void)count, (void)arguments;
    status_handle = RegisterServiceCtrlHandlerExW(service_name, on_control, NULL);
    if (!status_handle) return;
    report(SERVICE_START_PENDING, 10000);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    job = CreateJobObjectW(NULL, NULL);
    SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
    report(SERVICE_RUNNING, 0);
    keep_agent_running();
    report(SERVICE_STOPPED, 0);
}

/* ---- the command line ---- */

/* Appends one character; false when the command line is full. */
static bool append(size_t *length, wchar_t character) {
    if (*length >= COMMAND_CHARS) return false;
    command_line[(*length)++] = character;
    command_line[*length] = 0;
    return true;
}

/*
 * Appends an argument in quotes, as CommandLineToArgvW reads them back:
 * backslashes count only before a quote, where they are doubled.
 */
static bool append_quoted(size_t *length, const wchar_t *argument) {
    bool fits = (*length == 0 || append(length, L' ')) && append(length, L'"');
    size_t backslashes = 0;
    for (; fits && *argument; argument++) {
        size_t extra = *argument == L'"' ? backslashes + 1 : 0;
        while (fits && extra-- > 0) fits = append(length, L'\\');
        backslashes = *argument == L'\\' ? backslashes + 1 : 0;
        fits = fits && append(length, *argument);
    }
    while (fits && backslashes-- > 0) fits = append(length, L'\\');
    return fits && append(length, L'"');
}

int wmain(int count, wchar_t **arguments) {
    if (count < 4) {
        fwprintf(stderr, L"usage: %ls NAME GRACE_MS AGENT.EXE [ARGUMENTS...]\n", count > 0 ? arguments[0] : L"stub");
        return 2;
    }
    service_name = arguments[1];
    grace_ms = (DWORD)_wtoi(arguments[2]);
    size_t length = 0;
    for (int i = 3; i < count; i++) {
        if (!append_quoted(&length, arguments[i])) {
            fwprintf(stderr, L"the command line is too long\n");
            return 2;
        }
    }
    stop_event = CreateEventW(NULL, TRUE, FALSE, NULL);
    SERVICE_TABLE_ENTRYW services[] = {{service_name, service_main}, {NULL, NULL}};
    if (!StartServiceCtrlDispatcherW(services)) {
        fwprintf(stderr, L"this program is started by Windows' service manager only (error %lu)\n", GetLastError());
        return 1;
    }
    return 0;
}
