//! Which jobs there are and when they start; what they do is in `work.rs`.

use super::event::Event;
use super::running::Core;
use super::slot::Slot;
use super::work::{answer_query, embed, open_source, picture_query, places, rank, recognise};
use super::{DataSource, EncoderSource};
use crate::compute::{Measure, adapters, choose};
use crate::dataset::Wanted;
use crate::encoder::EncoderOptions;
use crate::files::chosen;
use crate::runtime::{Flavour, Runtime, install};
use crate::task::lock;
use std::path::PathBuf;
use std::sync::Arc;

impl Core {
    pub(super) fn find_engines(&mut self) {
        let choice = self.session.settings.compute;
        self.start(Slot::Engines, "Finding engines", move |_| {
            let runtime = Box::new(Runtime::get().map(|r| r.info().clone()));
            Ok(Event::Engines {
                runtime,
                engine: choose(choice)?,
                adapters: adapters(),
                places: places(),
            })
        });
    }

    pub(super) fn choose_engine(&mut self) {
        let choice = self.session.settings.compute;
        self.start(Slot::Engines, "Choosing the compute engine", move |_| {
            Ok(Event::Engine(choose(choice)?))
        });
    }

    /// Opens data instead of what is open.
    pub(super) fn open_data(&mut self, source: DataSource) {
        self.session.pending = None;
        self.start_data(source, self.session.workspace.similarity);
    }

    /// Opens the same file or folder again, in another part.
    pub(super) fn open_part(&mut self, part: Wanted) {
        if let Some(DataSource::Path { path, .. }) = self.session.workspace.data.clone() {
            self.open_data(DataSource::Path { path, part });
        }
    }

    /// Opens data, to be compared by `measure`.
    pub(super) fn start_data(&mut self, source: DataSource, measure: Measure) {
        let title = format!("Opening {}", source.title());
        self.start(Slot::Data, title, move |task| {
            let (dataset, embedded, notes) = open_source(&source, measure, task)?;
            Ok(Event::Data {
                source,
                dataset: Arc::new(dataset),
                embedded,
                notes,
            })
        });
    }

    /// Opens an encoder instead of the one that is open, which stays until this one is there.
    pub(super) fn open_encoder(&mut self, source: EncoderSource, said: EncoderOptions) {
        self.session.pending = None;
        self.start_encoder(source, said);
    }

    /// Opens an encoder with what the user said of it.
    pub(super) fn start_encoder(&mut self, source: EncoderSource, said: EncoderOptions) {
        let options = EncoderOptions {
            providers: self.session.settings.providers.clone(),
            batch: self.session.settings.batch,
            ..said.clone()
        };
        let title = format!("Opening {}", source.title());
        self.session.question = None;
        self.session.opening = Some((source.clone(), said));
        self.start(Slot::Encoder, title, move |task| {
            Ok(Event::Encoder(Arc::new(source.open(&options, task)?)))
        });
    }

    /// Starts what has become possible.
    pub(super) fn advance(&mut self) {
        if self.embed_wanted
            && let (Some(dataset), Some(encoder)) =
                (self.session.dataset().cloned(), self.encoder.clone())
            && !self.jobs.is_running(Slot::Data)
            && !self.jobs.is_running(Slot::Encoder)
        {
            self.embed_wanted = false;
            let measure = self.session.workspace.similarity;
            self.begin_embedding(self.home());
            self.start(Slot::Embed, "Embedding", move |task| {
                embed(&dataset, &encoder, measure, task)
            });
        }
        if self.rank_wanted
            && let (Some(embedded), Some(engine)) =
                (self.session.embedded().cloned(), self.engine.clone())
        {
            self.rank_wanted = false;
            if embedded.groups.texts() == 0 {
                // Images alone: there is nothing to rank, but neighbours.
                return self.ask_query();
            }
            let (margin, fold) = (self.session.workspace.margin, self.session.workspace.fold);
            self.begin_evaluation(self.home());
            self.start(Slot::Rank, "Ranking", move |task| {
                rank(&*engine, &embedded, margin, fold, task)
            });
            self.ask_query();
        }
        self.tell_story();
    }

    /// Answers the current query, if everything it needs is there.
    pub(super) fn ask_query(&mut self) {
        let (Some(query), Some(embedded), Some(engine)) = (
            self.session.query().cloned(),
            self.session.embedded().cloned(),
            self.engine.clone(),
        ) else {
            return;
        };
        let (encoder, ranking) = (self.encoder.clone(), self.session.ranking().cloned());
        let dataset = self.session.dataset().cloned();
        self.start(Slot::Query, "Query", move |task| {
            answer_query(
                query,
                &embedded,
                &*engine,
                encoder.as_deref(),
                dataset.as_deref(),
                ranking.as_deref(),
                task,
            )
        });
    }

    /// Finds out what lies at `path` and opens it.
    pub(super) fn open_path(&mut self, path: PathBuf) {
        self.start(
            Slot::Recognise,
            format!("Opening {}", path.display()),
            move |_| recognise(path),
        );
    }

    pub(super) fn query_picture(&mut self, path: PathBuf) {
        self.start(Slot::Recognise, "Opening the picture", move |_| {
            picture_query(&path)
        });
    }

    pub(super) fn install_runtime(&mut self, flavour: Flavour) {
        self.start(Slot::Install, "Installing ONNX Runtime", move |task| {
            Ok(Event::Installed(install(flavour, task)?))
        });
    }

    /// Saves the workspace where a dialog was asked for a place.
    pub(super) fn save_workspace_as(&mut self, confirmed: PathBuf) {
        let workspace = self.session.workspace.clone();
        self.start(Slot::SaveWorkspace, "Saving", move |_| {
            let [path] = chosen(&confirmed, ["json"])?;
            workspace.save(&path)?;
            Ok(Event::WorkspaceSaved(path))
        });
    }

    pub(super) fn save_workspace_to(&mut self, path: PathBuf) {
        let workspace = self.session.workspace.clone();
        self.start(Slot::SaveWorkspace, "Saving", move |_| {
            workspace.save(&path)?;
            Ok(Event::WorkspaceSaved(path))
        });
    }

    /// Puts the place of a run at the head of those that were open lately.
    pub fn remember_run(&mut self, place: &str) {
        self.session.settings.remember_run(place);
        self.save_settings();
    }

    /// Saves the settings; a newer save outdates one that has not begun.
    pub(super) fn save_settings(&mut self) {
        let Some(file) = self.settings_file.clone() else {
            return;
        };
        let settings = self.session.settings.clone();
        self.start(Slot::SaveSettings, "Saving settings", move |task| {
            let mut file = lock(&file);
            task.check()?;
            Ok(Event::SettingsSaved(Box::new(file.save(&settings)?)))
        });
    }
}
