//! Arguments -> open the window, or run one headless command.

use clap::Parser;
use nearmiss::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Cli::parse();
    if arguments.command.is_some() {
        return nearmiss::cli::run(arguments);
    }
    let start = nearmiss::app::Start {
        open: arguments.open,
        data_folder: nearmiss::encoder::data_dir().ok(),
    };
    match nearmiss::app::run(start) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
