//! Writes a report of what is open.

use super::{Event, Retrieval, Slot};
use crate::desktop::core::{DataSource, EncoderSource, Level};
use crate::desktop::feature::Desk;
use crate::encoder::EncoderInfo;
use crate::files::chosen;
use crate::report::Subject;
use std::path::PathBuf;

/// Hardest pairs of each direction on the page.
const PAIRS: usize = 24;

impl Retrieval {
    /// Writes a report of the full set to `path`.
    pub(super) fn write_report(desk: &mut Desk<'_, Self>, path: PathBuf) {
        let session = &mut desk.core.session;
        let (Some(dataset), Some(ranking)) =
            (session.dataset().cloned(), session.ranking().cloned())
        else {
            let remedy = "Open a dataset and an encoder, and wait until they are ranked.";
            session.say(Level::Warning, "There is nothing to report yet", remedy);
            return;
        };
        let (data, encoder) = (
            session.workspace.data.clone(),
            session.workspace.encoder.clone(),
        );
        let runs = session.encoder().map(EncoderInfo::runs);
        let margin = session.workspace.margin;
        desk.start(Slot::Report, "Writing the report", move |task| {
            let given = match &data {
                Some(DataSource::Embeddings { images, texts }) => {
                    format!("{}, {}", images.display(), texts.display())
                }
                _ => String::new(),
            };
            let files = match &encoder {
                Some(EncoderSource::Folder(folder)) => folder.display().to_string(),
                Some(EncoderSource::Pair { image, text }) => {
                    format!("{}, {}", image.display(), text.display())
                }
                _ => String::new(),
            };
            let subject = Subject {
                dataset: &dataset,
                evaluation: &ranking,
                source: match &data {
                    Some(DataSource::Path { path, .. }) => path.display().to_string(),
                    _ => String::new(),
                },
                encoder: match (&encoder, given.is_empty()) {
                    (Some(encoder), true) => encoder.title(),
                    _ => "given embeddings".to_owned(),
                },
                files: if given.is_empty() { files } else { given },
                runs: runs.unwrap_or_default(),
                margin,
                title: None,
                pairs: PAIRS,
            };
            let [path] = chosen(&path, ["html"])?;
            let bytes = subject.page(task)?.save(&path)?;
            Ok(Event::Reported(path, bytes))
        });
    }
}
