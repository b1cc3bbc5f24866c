//! What is open and selected, what is saved, and [`Command`]: all that can be asked for. Nothing here starts work.

mod attack;
mod browser;
mod command;
mod compare;
mod files;
mod identity;
mod negatives;
mod open;
mod sets;
mod settings;
mod settings_file;
mod slot;
mod state;
mod structure;
mod workspace;

pub use attack::{
    AttackCommand, AttackLab, Attempt, Clean, Compare, Curve, Heat, LabPage, Looks, Reach, Running,
    SetLab, SetPlan, Vocabulary, Which, WordsLab, WordsPlan,
};
pub use browser::{Browser, Sort};
pub use command::{Command, Pick};
pub use compare::{CompareColumn, CompareCommand, CompareLab, ComparedWith, Outcome};
pub use files::read_json;
pub use identity::{Basis, Derived, Identities, Part};
pub use negatives::{
    Decided, NegativeSet, Negatives, NegativesCommand, NegativesPlan, PairOrder, Regions, Why,
};
pub use open::Open;
pub use sets::{Combine, Sets, SetsCommand};
pub use settings::{DeletedSet, Recent, Settings, ThemeChoice};
pub use settings_file::{SavedSettings, SettingsFile};
pub use slot::Slot;
pub use state::{
    AnswerView, Entry, JobView, Level, ModelCard, Pending, Query, RuntimeView, Session, Tab,
};
pub use structure::{
    Matrix, MatrixLooks, Reduction, StructureCommand, StructurePage, StructureView,
};
pub use workspace::Workspace;

pub use crate::compute::Embedded;
pub use crate::source::{DataSource, DecisionsHome, EncoderSource, KeptDecisions};
