//! What every feature stands on: what is open and selected, identities, commands, jobs that know what they are about,
//! settings, workspaces.

mod bound_jobs;
mod browser;
mod browsing;
mod colour_bar;
mod command;
mod dialogs;
mod event;
mod events;
mod execute;
mod files;
mod find;
mod guide;
mod identity;
mod jobs;
mod loader;
mod open;
mod pictures;
mod query;
mod quit;
mod running;
mod set_commands;
mod sets;
mod settings;
mod settings_file;
mod slot;
mod state;
mod tab;
mod work;
mod workspace;

pub use bound_jobs::{BoundJobs, JobEnd};
pub use browser::{Browser, Sort};
pub use colour_bar::colour_bar;
pub use command::{Command, Pick};
pub use dialogs::{CAPTIONS, Dialog, Filters, JSON, PICTURES, WORDS};
pub use events::sentence;
pub use files::read_json;
pub use find::{holds, words};
pub use guide::{SharedGuide, shared_guide};
pub use identity::{Basis, Derived, Identities, Part};
pub use open::Open;
pub use pictures::{Key, Pictures, Shown};
pub use query::{AnswerView, ModelCard, Query};
pub use running::{Change, Core};
pub use sets::{Combine, Sets, SetsCommand};
pub use settings::{DeletedSet, Recent, Settings, ThemeChoice};
pub use settings_file::{SavedSettings, SettingsFile};
pub use slot::{JobSlot, JobView};
pub use state::{Entry, Level, Pending, RuntimeView, Session};
pub use tab::Tab;
pub use workspace::Workspace;

pub use crate::compute::Embedded;
pub use crate::source::{DataSource, DecisionsHome, EncoderSource, KeptDecisions};
pub use crate::task::JobId;
