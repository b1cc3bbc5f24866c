//! `nearmiss help`: a command's help; and the same as a page of Markdown, as manual pages, as completions for a shell, made
//! from the arguments themselves for the guide and for packages.

use super::Cli;
use super::output::{failure, say};
use crate::error::{Error, Result};
use crate::files::replace;
use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use clap_markdown::{MarkdownOptions, help_markdown_command_custom};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The program's name, by which it is called.
const NAME: &str = "nearmiss";

/// Arguments of `help`.
#[derive(Debug, Args)]
pub struct Help {
    /// The command, such as `attack pairs`; without one, the program
    #[arg(value_name = "COMMAND", conflicts_with_all = ["markdown", "man", "completions"])]
    topic: Vec<String>,
    /// Print the reference of all commands as one page of Markdown
    #[arg(long, conflicts_with_all = ["man", "completions"])]
    markdown: bool,
    /// Write a manual page for each command into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "completions")]
    man: Option<PathBuf>,
    /// Print what a shell needs to complete commands and options
    #[arg(long, value_name = "SHELL")]
    completions: Option<Shell>,
}

impl Help {
    /// Runs the command; a topic that is no command is wrong usage.
    ///
    /// # Errors
    /// Standard output or the folder cannot be written.
    pub fn run(&self, json: bool) -> Result<ExitCode> {
        if let Some(folder) = &self.man {
            let count = write_manual(folder)?;
            say(format_args!("{count} pages in {}", folder.display()));
        } else if let Some(shell) = self.completions {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command(), NAME, &mut script);
            print(&script)?;
        } else if self.markdown {
            print(markdown().as_bytes())?;
        } else {
            match topic(&self.topic) {
                Ok(help) => print(help.as_bytes())?,
                Err(error) => {
                    failure(&error, json);
                    return Ok(ExitCode::from(2));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// All commands, under the program's own name whatever its file is called.
fn command() -> Command {
    Cli::command().name(NAME).bin_name(NAME)
}

/// Standard output; a reader that has left is no error.
fn print(text: &[u8]) -> Result<()> {
    match std::io::stdout().lock().write_all(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("write to", Path::new("standard output"))(error))
        }
        _ => Ok(()),
    }
}

/// The long help of the command at `names`, from the program down.
fn topic(names: &[String]) -> Result<String> {
    let mut at = command();
    at.build();
    for name in names {
        at = at.find_subcommand(name).cloned().ok_or_else(|| {
            Error::request(
                format!("there is no command {}", names.join(" ")),
                "See: nearmiss --help",
            )
        })?;
    }
    Ok(at.render_long_help().to_string())
}

/// The reference of all commands: `assets/guide/commands.md`.
pub fn markdown() -> String {
    let options = MarkdownOptions::new()
        .title("Commands".to_owned())
        .show_footer(false);
    let page = help_markdown_command_custom(&command(), &options);
    let lines: Vec<&str> = page.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim_end())
}

/// Writes `nearmiss.1`, `nearmiss-eval.1` and so on; returns how many.
fn write_manual(folder: &Path) -> Result<usize> {
    let mut all = command();
    all.build();
    let mut count = 0;
    let mut waiting = vec![all];
    while let Some(command) = waiting.pop() {
        // What clap adds below a command repeats the pages of its commands.
        let added = |c: &&Command| count > 0 && c.get_name() == "help";
        waiting.extend(command.get_subcommands().filter(|c| !added(c)).cloned());
        let page = clap_mangen::Man::new(command);
        replace(&folder.join(page.get_filename()), |out| page.render(out))?;
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_a_command() {
        let names = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        let help = topic(&names("attack pairs")).unwrap();
        assert!(help.contains("Usage: nearmiss attack pairs"), "{help}");
        assert!(topic(&names("attack nobody")).is_err());
    }

    #[test]
    fn the_manual_has_a_page_for_each_command() {
        let folder = tempfile::tempdir().unwrap();
        let count = write_manual(folder.path()).unwrap();
        let pages = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(count, pages);
        for page in ["nearmiss.1", "nearmiss-eval.1", "nearmiss-attack-pairs.1"] {
            let text = std::fs::read_to_string(folder.path().join(page)).unwrap();
            assert!(text.contains("json"), "{page}: {text}");
        }
    }

    #[test]
    fn every_shell_completes_every_command() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command(), NAME, &mut script);
            let script = String::from_utf8(script).unwrap();
            for name in command().get_subcommands().map(Command::get_name) {
                assert!(script.contains(name), "{shell}: {name}");
            }
        }
    }
}
