//! The commands of the palette.

use super::View;
use crate::compute::Measure;
use crate::dataset::Verdict;
use crate::retrieval::Side;
use crate::runtime::Flavour;
use crate::desktop::core::{
    AttackCommand, Command, LabPage, NegativesCommand, Pick, SetsCommand, Sort, Tab, ThemeChoice,
    Workspace,
};

/// What an entry does.
pub enum Action {
    /// Asks for a command.
    Run(Box<Command>),
    /// Opens the settings.
    Settings,
    /// Opens what runs the encoders.
    Runtime,
    /// Opens the sets.
    Sets,
    /// Goes to the field for queries.
    FocusQuery,
}

/// Every command that makes sense now.
pub fn actions(view: &View<'_>) -> Vec<(String, &'static str, Action)> {
    let run = |title: &str, keys, command| (title.to_owned(), keys, Action::Run(Box::new(command)));
    let mut list = vec![
        run(
            "Open a dataset folder…",
            "Ctrl+O",
            Command::Pick(Pick::DatasetFolder),
        ),
        run("Open a caption file…", "", Command::Pick(Pick::DatasetFile)),
        run(
            "Open embeddings (a file for each side)…",
            "",
            Command::Pick(Pick::Embeddings),
        ),
        run(
            "Open an encoder folder…",
            "Ctrl+E",
            Command::Pick(Pick::EncoderFolder),
        ),
        run(
            "Open an encoder from two files…",
            "",
            Command::Pick(Pick::EncoderPair),
        ),
        run(
            "Open a workspace…",
            "Ctrl+Shift+O",
            Command::Pick(Pick::Workspace),
        ),
        run("Save the workspace…", "Ctrl+S", Command::SaveWorkspace),
        run(
            "Open the demo",
            "",
            Command::OpenWorkspace(Box::new(Workspace::demo()), None),
        ),
        run("Query with a picture…", "", Command::Pick(Pick::Picture)),
        ("Type a query".to_owned(), "Ctrl+L", Action::FocusQuery),
        run(
            "Images look for captions (I→T)",
            "D",
            Command::SetSide(Side::Image),
        ),
        run(
            "Captions look for images (T→I)",
            "D",
            Command::SetSide(Side::Text),
        ),
        run("Back to the query before", "Ctrl+Z", Command::Back),
    ];
    list.extend(negatives_actions(view));
    list.extend(lab_actions(view));
    list.extend(view_actions(view));
    for recent in &view.session.settings.recent {
        let workspace = Box::new(recent.workspace.clone());
        let command = Command::OpenWorkspace(workspace, recent.file.clone());
        list.push(run(&format!("Recent: {}", recent.title), "", command));
    }
    list
}

/// Commands of the hard-negative workbench, and about sets.
fn negatives_actions(view: &View<'_>) -> Vec<(String, &'static str, Action)> {
    let run = |title: &str, keys, command| (title.to_owned(), keys, Action::Run(Box::new(command)));
    let mut list = vec![
        run("Show hard negatives", "", Command::Show(Tab::Negatives)),
        run(
            "Mark the image of the query",
            "M",
            Command::Sets(SetsCommand::MarkQuery),
        ),
        ("Sets of images…".to_owned(), "Shift+M", Action::Sets),
    ];
    if view.session.negatives.pair(view.session.now()).is_some() {
        let negatives = |title: &str, keys, command| run(title, keys, Command::Negatives(command));
        list.extend([
            negatives(
                "Negatives: confirm as right after all",
                "F",
                NegativesCommand::Decide(Some(Verdict::Right)),
            ),
            negatives(
                "Negatives: reject, it is wrong",
                "R",
                NegativesCommand::Decide(Some(Verdict::Wrong)),
            ),
            negatives(
                "Negatives: take the decision back",
                "Ctrl+Z",
                NegativesCommand::Undo,
            ),
            negatives(
                "Negatives: export…",
                "",
                NegativesCommand::Export(None, None),
            ),
        ]);
    }
    list
}

/// Commands of the attack lab.
fn lab_actions(view: &View<'_>) -> Vec<(String, &'static str, Action)> {
    let lab = &view.session.lab;
    let run = |title: &str, keys, command| {
        let command = Command::Attack(command);
        (title.to_owned(), keys, Action::Run(Box::new(command)))
    };
    let Some(image) = lab.image else {
        return Vec::new();
    };
    let mut list = vec![
        run("Attack: this picture", "Ctrl+Enter", AttackCommand::Run),
        run(
            "Attack: take this picture to the lab",
            "",
            AttackCommand::Take(image, None),
        ),
        run(
            "Attack: words of its caption…",
            "",
            AttackCommand::ShowPage(LabPage::Words),
        ),
        run(
            "Attack: the whole set…",
            "",
            AttackCommand::ShowPage(LabPage::Set),
        ),
    ];
    if lab.last(view.session.now()).is_some() {
        list.push(run("Attack: undo", "Ctrl+Z", AttackCommand::Undo));
        list.push(run("Attack: export…", "", AttackCommand::Export(None)));
    }
    list
}

/// Commands that change how things are shown.
fn view_actions(view: &View<'_>) -> Vec<(String, &'static str, Action)> {
    let run = |title: &str, keys, command| (title.to_owned(), keys, Action::Run(Box::new(command)));
    let session = view.session;
    vec![
        run("Sort: dataset order", "", Command::SetSort(Sort::File)),
        run("Sort: worst rank first", "", Command::SetSort(Sort::Rank)),
        run(
            "Sort: smallest margin first",
            "",
            Command::SetSort(Sort::Margin),
        ),
        run(
            "Show all / only where the right one is not first",
            "",
            Command::SetWrongOnly(!session.browser.wrong_only),
        ),
        run(
            "Compare rows by cosine",
            "",
            Command::SetSimilarity(Measure::Cosine),
        ),
        run(
            "Compare rows by dot product",
            "",
            Command::SetSimilarity(Measure::Dot),
        ),
        run("Evaluate the full set", "", Command::SetFold(None)),
        run(
            "Evaluate folds of 1,000 images",
            "",
            Command::SetFold(Some(1000)),
        ),
        run(
            "Theme: dark",
            "Ctrl+T",
            Command::SetTheme(ThemeChoice::Dark),
        ),
        run(
            "Theme: light",
            "Ctrl+T",
            Command::SetTheme(ThemeChoice::Light),
        ),
        run(
            "Theme: as the system",
            "",
            Command::SetTheme(ThemeChoice::System),
        ),
        ("Settings…".to_owned(), "", Action::Settings),
        ("Runtime and adapters…".to_owned(), "", Action::Runtime),
        run(
            "Install ONNX Runtime (CPU)",
            "",
            Command::InstallRuntime(Flavour::Cpu),
        ),
        run(
            "Install ONNX Runtime (CUDA)",
            "",
            Command::InstallRuntime(Flavour::Cuda),
        ),
        run("Show retrieval", "", Command::Show(Tab::Retrieval)),
        run("Show the attack lab", "", Command::Show(Tab::Attack)),
        run(
            "Show the structure of the near misses",
            "",
            Command::Show(Tab::Structure),
        ),
        run("Show the comparison", "", Command::Show(Tab::Compare)),
        run(
            "Compare with a second encoder…",
            "",
            Command::Pick(Pick::SecondEncoder),
        ),
        run(
            "Write a report (HTML)…",
            "",
            Command::Pick(Pick::SaveReport),
        ),
        run("Show the models", "", Command::Show(Tab::Models)),
        run("Show problems", "", Command::Show(Tab::Problems)),
        run("Show the log", "", Command::Show(Tab::Log)),
        run("Full screen", "F11", Command::ToggleFullscreen),
        run("Quit", "Ctrl+Q", Command::Quit),
    ]
}
