//! Arguments -> open the window, or run one headless command.

// A double click opens the window and no console; commands print on the console that they were typed in.
#![cfg_attr(windows, windows_subsystem = "windows")]

#[cfg(target_os = "linux")]
use std::path::Path;
use std::process::ExitCode;

/// Starts the program anew where Mesa's device selection would look for a Wayland display that cannot be there, and say
/// so as an error in the midst of ours. It reads the environment, which only a new process can have changed safely.
#[cfg(target_os = "linux")]
fn quiet_drivers() {
    use std::os::unix::process::CommandExt;
    const SWITCH: &str = "NODEVICE_SELECT";
    let runtime = std::env::var_os("XDG_RUNTIME_DIR");
    if std::env::var_os(SWITCH).is_some() || runtime.is_some_and(|d| Path::new(&d).is_dir()) {
        return;
    }
    let mut arguments = std::env::args_os();
    let name = arguments.next();
    if let (Ok(program), Some(name)) = (std::env::current_exe(), name) {
        let mut again = std::process::Command::new(program);
        again.arg0(name).args(arguments).env(SWITCH, "1");
        // It returns only where the program cannot be started again; then we go on, and the line is printed.
        let _ = again.exec();
    }
}

#[cfg(not(target_os = "linux"))]
fn quiet_drivers() {}

/// Takes part in the console that the program was started from, if there is one: Windows gives none to a program that has
/// windows. Streams that lead to files and pipes stay as they are.
#[cfg(windows)]
#[allow(unsafe_code)]
fn join_console() {
    use windows_sys::Win32::System::Console::{ATTACH_PARENT_PROCESS, AttachConsole};
    // SAFETY: it takes no pointer, and fails where there is no console to join, which changes nothing.
    unsafe { AttachConsole(ATTACH_PARENT_PROCESS) };
}

#[cfg(not(windows))]
fn join_console() {}

fn main() -> ExitCode {
    quiet_drivers();
    join_console();
    let arguments = match nearmiss::cli::parse() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    if arguments.command.is_some() {
        return nearmiss::cli::run(arguments);
    }
    let start = nearmiss::desktop::Start {
        open: arguments.open,
        data_folder: nearmiss::paths::data_dir().ok(),
    };
    match nearmiss::desktop::run(start) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
