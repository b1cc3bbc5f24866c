//! Which jobs there are and when they start; what they do is in `work.rs`.

use super::App;
use super::events::Event;
use super::examine::cards;
use super::work::{answer_query, embed, open_source, picture_query, rank, recognise};
use crate::compute::{adapters, choose};
use crate::encoder::EncoderOptions;
use crate::runtime::{Flavour, Runtime, install};
use crate::session::{DataSource, EncoderSource};
use crate::task::lock;
use std::path::PathBuf;
use std::sync::Arc;

/// Slots: a newer job in a slot outdates the older one.
pub const ENGINES: &str = "engines";
/// Opening a dataset.
pub const DATA: &str = "data";
/// Opening an encoder.
pub const ENCODER: &str = "encoder";
/// Embedding.
pub const EMBED: &str = "embed";
/// Ranking the whole set.
pub const RANK: &str = "rank";
/// Answering one query.
pub const QUERY: &str = "query";
/// Finding out what a path is.
pub const OPEN: &str = "open";
/// Saving settings.
pub const SAVE: &str = "save";
/// Saving a workspace.
pub const SAVE_WORKSPACE: &str = "save-workspace";
/// A file dialog.
pub const DIALOG: &str = "dialog";
/// Examining the models' gradients.
pub const EXAMINE: &str = "examine";
/// Opening the image model for attacks.
pub const LAB_NETWORK: &str = "lab-network";
/// Reading the picture under attack.
pub const LAB_CLEAN: &str = "lab-clean";
/// Attacking a picture.
pub const LAB_ATTACK: &str = "attack";
/// Making the lab's pictures.
pub const LAB_SHEETS: &str = "lab-sheets";
/// Making a saliency map.
pub const LAB_MAP: &str = "lab-map";
/// Reading a mask.
pub const LAB_MASK: &str = "lab-mask";
/// Weighing the words of a caption.
pub const LAB_WEIGH: &str = "lab-weigh";
/// Looking for words to exchange.
pub const LAB_WORDS: &str = "attack-words";
/// Attacking a set.
pub const LAB_SET: &str = "attack-set";
/// The figures of a set that was cancelled.
pub const LAB_PARTIAL: &str = "attack-set-partial";
/// Writing what the lab found.
pub const LAB_EXPORT: &str = "lab-export";
/// Reading the decisions about a dataset.
pub const DECISIONS: &str = "decisions";
/// Saving them.
pub const SAVE_DECISIONS: &str = "save-decisions";
/// Counting with confirmed pairs.
pub const FIGURES: &str = "figures";
/// Mining hard negatives.
pub const NEGATIVES: &str = "negatives";
/// Why a negative is hard.
pub const WHY: &str = "why";
/// The regions that raise a negative's score.
pub const REGIONS: &str = "regions";
/// Writing hard negatives.
pub const NEGATIVES_EXPORT: &str = "negatives-export";
/// Analysing the structure of the near misses.
pub const STRUCTURE: &str = "structure";
/// Counting nearest neighbours.
pub const STRUCTURE_NEIGHBOURS: &str = "structure-neighbours";
/// Ordering the rows of the matrix.
pub const STRUCTURE_ORDER: &str = "structure-order";
/// Making tiles of the matrix.
pub const STRUCTURE_TILES: &str = "structure-tiles";
/// Comparing with a second encoder.
pub const COMPARE: &str = "compare";
/// Writing a report.
pub const REPORT: &str = "report";
/// Writing images as a dataset.
pub const IMAGES_EXPORT: &str = "images-export";
/// Installing a runtime.
pub const INSTALL: &str = "install";

impl App {
    pub(super) fn find_engines(&mut self) {
        let choice = self.session.settings.compute;
        self.jobs.start(ENGINES, "Finding engines", move |_| {
            let runtime = Box::new(Runtime::get().map(|r| r.info().clone()));
            Ok(Event::Engines {
                runtime,
                engine: choose(choice)?,
                adapters: adapters(),
            })
        });
    }

    pub(super) fn choose_engine(&mut self) {
        let choice = self.session.settings.compute;
        self.jobs
            .start(ENGINES, "Choosing the compute engine", move |_| {
                Ok(Event::Engine(choose(choice)?))
            });
    }

    pub(super) fn open_data(&mut self, source: DataSource) {
        let title = format!("Opening {}", source.title());
        let measure = self.session.workspace.similarity;
        self.jobs.start(DATA, title, move |task| {
            let (dataset, embedded, notes) = open_source(&source, measure, task)?;
            Ok(Event::Data {
                source,
                dataset: Arc::new(dataset),
                embedded,
                notes,
            })
        });
    }

    /// Opens an encoder with what the user said of it; the one that is open stays until this one is.
    pub(super) fn open_encoder(&mut self, source: EncoderSource, said: EncoderOptions) {
        let options = EncoderOptions {
            providers: self.session.settings.providers.clone(),
            batch: self.session.settings.batch,
            ..said.clone()
        };
        let title = format!("Opening {}", source.title());
        self.session.question = None;
        self.session.opening = Some((source.clone(), said));
        self.jobs.start(ENCODER, title, move |task| {
            Ok(Event::Encoder(Arc::new(source.open(&options, task)?)))
        });
    }

    /// Starts what has become possible.
    pub(super) fn advance(&mut self) {
        if self.embed_wanted
            && let (Some(dataset), Some(encoder)) =
                (self.session.dataset.clone(), self.encoder.clone())
            && !self.jobs.is_running(DATA)
            && !self.jobs.is_running(ENCODER)
        {
            self.embed_wanted = false;
            let measure = self.session.workspace.similarity;
            self.jobs.start(EMBED, "Embedding", move |task| {
                embed(&dataset, &encoder, measure, task)
            });
        }
        if self.rank_wanted
            && let (Some(embedded), Some(engine)) =
                (self.session.embedded.clone(), self.engine.clone())
        {
            self.rank_wanted = false;
            if embedded.groups.texts() == 0 {
                // Images alone: there is nothing to rank, but neighbours.
                return self.ask_query();
            }
            let (margin, fold) = (self.session.workspace.margin, self.session.workspace.fold);
            self.jobs.start(RANK, "Ranking", move |task| {
                rank(&*engine, &embedded, margin, fold, task)
            });
            self.ask_query();
        }
    }

    /// Answers the current query, if everything it needs is there.
    pub(super) fn ask_query(&mut self) {
        let (Some(query), Some(embedded), Some(engine)) = (
            self.session.query.clone(),
            self.session.embedded.clone(),
            self.engine.clone(),
        ) else {
            return;
        };
        let (encoder, ranking) = (self.encoder.clone(), self.session.ranking.clone());
        self.jobs.start(QUERY, "Query", move |task| {
            answer_query(
                query,
                &embedded,
                &*engine,
                encoder.as_deref(),
                ranking.as_deref(),
                task,
            )
        });
    }

    /// Finds out what lies at `path` and opens it.
    pub(super) fn open_path(&mut self, path: PathBuf) {
        self.jobs
            .start(OPEN, format!("Opening {}", path.display()), move |_| {
                recognise(path)
            });
    }

    pub(super) fn query_picture(&mut self, path: PathBuf) {
        self.jobs
            .start(OPEN, "Opening the picture", move |_| picture_query(&path));
    }

    /// Examines both models of the open encoder.
    pub(super) fn examine(&mut self) {
        let Some(encoder) = self.encoder.clone() else {
            return;
        };
        let providers = self.session.settings.providers.clone();
        self.session.cards.clear();
        self.jobs
            .start(EXAMINE, "Examining the models", move |task| {
                Ok(Event::Cards(cards(&encoder, &providers, task)?))
            });
    }

    pub(super) fn install_runtime(&mut self, flavour: Flavour) {
        self.jobs
            .start(INSTALL, "Installing ONNX Runtime", move |task| {
                Ok(Event::Installed(install(flavour, task)?))
            });
    }

    pub(super) fn save_workspace_to(&mut self, path: PathBuf) {
        let workspace = self.session.workspace.clone();
        self.jobs.start(SAVE_WORKSPACE, "Saving", move |_| {
            workspace.save(&path)?;
            Ok(Event::WorkspaceSaved(path))
        });
    }

    /// Saves the settings; a newer save outdates one that has not begun.
    pub(super) fn save_settings(&mut self) {
        let Some(folder) = self.data_folder.clone() else {
            return;
        };
        let (settings, saving) = (self.session.settings.clone(), Arc::clone(&self.saving));
        self.jobs.start(SAVE, "Saving settings", move |task| {
            let _one = lock(&saving);
            task.check()?;
            settings.save(&folder)?;
            Ok(Event::Saved)
        });
    }
}
