//! Executes commands. Each is short: anything long becomes a job.

use super::history::{Decision, Deed};
use super::piece::Made;
use super::running::Core;
use super::slot::Slot;
use super::{
    Browser, Command, Level, Part, Pending, Pick, Query, Settings, ThemeChoice, Workspace,
};
use crate::compute::Measure;
use crate::encoder::EncoderOptions;
use crate::retrieval::Side;
use std::path::PathBuf;

impl Core {
    /// Executes a command, but for those that a feature executes.
    pub fn execute(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::Pick(pick) => self.pick(pick),
            Command::OpenPath(path) => self.open_path(path),
            Command::OpenPart(part) => self.open_part(*part),
            Command::OpenEncoder(source) => self.open_encoder(source, EncoderOptions::default()),
            Command::OpenWorkspace(workspace, file) => self.open_workspace(*workspace, file),
            Command::SaveWorkspace => match self.session.file.clone() {
                Some(file) => self.save_workspace_to(file),
                None => self.pick(Pick::SaveWorkspace),
            },
            Command::AnswerEncoder(options) => {
                if let Some((source, _)) = self.session.opening.take() {
                    self.start_encoder(source, *options);
                }
            }
            Command::DismissQuestion => {
                self.session.question = None;
                self.ended(Slot::Encoder);
            }
            Command::Query(query) => {
                // The user goes elsewhere.
                self.session.story.wanted = false;
                self.set_query(query);
            }
            Command::Undo(of) => {
                if let Some(deed) = self.session.open.undo(of) {
                    self.play(deed, true);
                }
            }
            Command::Redo(of) => {
                if let Some(deed) = self.session.open.redo(of) {
                    self.play(deed, false);
                }
            }
            Command::CancelJob(job) => self.cancel_job(job),
            Command::Embed => self.embed_wanted = true,
            Command::Story(command) => self.execute_story(command),
            Command::Sets(command) => self.execute_sets(command),
            Command::InstallRuntime(flavour) => self.install_runtime(flavour),
            Command::Copy(text) => ctx.copy_text(text),
            Command::CopyPiece(piece, form) => self.copy_piece(*piece, form),
            Command::SavePiece(piece, form) => self.save_piece(*piece, form),
            Command::CopySeen(picture) => self.copied = Some(Made::Picture((*picture).clone())),
            Command::OpenLarge(image) => self.open_large(ctx, image),
            Command::CloseLarge => self.close_large(),
            Command::SetResultGrid(grid) => self.change(ctx, |s| s.result_grid = grid),
            Command::AnswerPath(answer) => self.paths.answer(answer),
            Command::SetTable(table, looks) => {
                self.change(ctx, |s| drop(s.tables.insert(table, looks)));
            }
            Command::ToggleFullscreen => {
                let full = ctx.input(|i| i.viewport().fullscreen.unwrap_or(false));
                ctx.send_viewport_cmd(egui::ViewportCommand::Fullscreen(!full));
            }
            Command::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            Command::SetSettings(settings) => self.set_settings(ctx, *settings),
            Command::SetTheme(theme) => self.change(ctx, |s| s.theme = theme),
            Command::SetZoom(zoom) => {
                let [least, most] = Settings::ZOOM;
                self.change(ctx, |s| s.zoom = zoom.clamp(least, most));
            }
            Command::SetSide(side) => self.set_side(side),
            Command::Filter(text) => self.browse(|browser| browser.filter = text),
            Command::Find(text) => self.find(text),
            Command::SetSort(sort) => self.browse(|browser| browser.sort = sort),
            Command::SetWrongOnly(wrong) => self.browse(|browser| browser.wrong_only = wrong),
            Command::SetMarginBelow(margin) => {
                self.browse(|browser| browser.margin_below = margin);
            }
            Command::SetBin(None) => self.browse(|browser| browser.bin = None),
            Command::SetBin(Some((side, bin))) => {
                self.set_side(side);
                self.browse(|browser| browser.bin = Some((side, bin)));
            }
            Command::Step(step) => self.step(step),
            Command::SetFold(fold) => self.evaluate(self.session.workspace.margin, fold),
            Command::SetMargin(margin) => self.evaluate(margin, self.session.workspace.fold),
            Command::Evaluate { margin, fold } => self.evaluate(margin, fold),
            Command::SetSimilarity(measure) => self.set_similarity(measure),
            Command::Show(tab) => self.show(tab),
            Command::ShowAnswer => self.show_answer(),
            Command::ClearLog => self.session.log.clear(),
            Command::ClearRuns => self.session.runs.clear(),
            Command::DismissToasts => self.session.log.iter_mut().for_each(|e| e.toast = false),
            // Offered to the features before, or executed for all.
            Command::Again(_)
            | Command::AttackPair { .. }
            | Command::BreakPair { .. }
            | Command::RepairPair { .. }
            | Command::ShowAttackSet
            | Command::ShowGuide(_)
            | Command::CompareWith(_)
            | Command::Decide(..)
            | Command::OpenRun
            | Command::ShowModels
            | Command::ShowNegatives(_)
            | Command::ShowOnMap(_) => {}
        }
    }

    /// Changes a setting, and keeps it.
    fn change(&mut self, ctx: &egui::Context, change: impl FnOnce(&mut Settings)) {
        change(&mut self.session.settings);
        self.apply_settings(ctx);
        self.save_settings();
    }

    /// Lists other rows, or in another order.
    fn browse(&mut self, change: impl FnOnce(&mut Browser)) {
        change(&mut self.session.browser);
        self.refresh_browser();
    }

    fn evaluate(&mut self, margin: f32, fold: Option<usize>) {
        self.session.workspace.margin = margin;
        self.session.workspace.fold = fold;
        self.protocol_changed();
    }

    fn protocol_changed(&mut self) {
        self.session.open.renew(Part::Protocol);
        self.rank_wanted = self.session.embedded().is_some();
    }

    /// Makes a deed again, or takes it `back`.
    fn play(&mut self, deed: Deed, back: bool) {
        match deed {
            Deed::Query { before, after } => self.go_to(if back { before } else { after }, false),
            Deed::Sets(change) => self.change_sets(&change, back),
            Deed::Decision(Decision { key, before, after }) => {
                let (from, to) = if back {
                    (after, before)
                } else {
                    (before, after)
                };
                self.ask(Command::Decide(key, from, to));
            }
        }
    }

    /// Makes `query` the current one; the one before can be gone back to. A row that is not there is not taken.
    pub fn set_query(&mut self, query: Query) {
        self.go_to(query, true);
    }

    /// Makes `query` the current one; the one before can be gone back to where it is `kept`.
    fn go_to(&mut self, query: Query, kept: bool) {
        if self.session.query() == Some(&query) {
            return;
        }
        let row_of = match query {
            Query::Row(side, _) => Some(side),
            _ => None,
        };
        let picture = match &query {
            Query::Picture { picture, .. } => Some(std::sync::Arc::clone(picture)),
            _ => None,
        };
        if !self.session.open.set_query(query, kept) {
            return;
        }
        if let Some(picture) = picture {
            self.pictures.forget_query();
            self.loader.set_query(picture);
        }
        if let Some(side) = row_of
            && side != self.session.side
        {
            self.session.side = side;
            self.refresh_browser();
        }
        if !self.session.tab.follows || row_of.is_none() {
            self.show_answer();
        }
        self.ask_query();
    }

    /// Compares by another measure: the data is opened again, what the encoder made comes from the cache.
    fn set_similarity(&mut self, measure: Measure) {
        if self.session.workspace.similarity == measure {
            return;
        }
        self.session.workspace.similarity = measure;
        self.session.open.renew(Part::Measure);
        let remedy = match measure {
            Measure::Cosine => "",
            Measure::Dot => "The attack lab and the weights of words go on by cosine.",
        };
        let text = format!("Rows are compared {}", measure.phrase());
        self.session.say(Level::Info, text, remedy);
        if let Some(data) = self.session.workspace.data.clone() {
            self.open_data(data);
        }
    }

    /// Turns to the other side, keeping the pair.
    fn set_side(&mut self, side: Side) {
        if side == self.session.side {
            return;
        }
        let Some(dataset) = self.session.dataset().cloned() else {
            return;
        };
        if side == Side::Text && dataset.captions.is_empty() {
            let text = format!("{} has no captions", dataset.name);
            return self.session.say(Level::Info, text, "");
        }
        let twin = match self.session.query() {
            Some(&Query::Row(Side::Image, i)) if side == Side::Text => {
                Some(dataset.captions_of(i).start)
            }
            Some(&Query::Row(Side::Text, j)) if side == Side::Image => Some(dataset.image_of(j)),
            _ => None,
        };
        self.session.side = side;
        self.refresh_browser();
        let row = twin.or_else(|| self.session.browser.rows.first().map(|&r| r as usize));
        if let Some(row) = row {
            self.set_query(Query::Row(side, row));
        }
    }

    /// Moves the selection by `step` places of the browser.
    fn step(&mut self, step: isize) {
        let rows = &self.session.browser.rows;
        if rows.is_empty() {
            return;
        }
        let now = self
            .session
            .selected()
            .and_then(|i| rows.iter().position(|&r| r as usize == i));
        let next = now.map_or(0, |at| at.saturating_add_signed(step).min(rows.len() - 1));
        let row = rows[next] as usize;
        self.set_query(Query::Row(self.session.side, row));
    }

    /// Opens data and encoder of a workspace; what was open stays until they are.
    pub(super) fn open_workspace(&mut self, workspace: Workspace, file: Option<PathBuf>) {
        let (data, encoder) = (workspace.data.clone(), workspace.encoder.clone());
        if data.is_none() && encoder.is_none() {
            self.session.say(Level::Info, "This workspace is empty", "");
            return;
        }
        let options = workspace.options.clone();
        let measure = workspace.similarity;
        self.session.pending = Some(Pending {
            file,
            data: data.is_some(),
            encoder: encoder.is_some(),
            workspace,
        });
        if let Some(data) = data {
            self.start_data(data, measure);
        }
        if let Some(encoder) = encoder {
            self.start_encoder(encoder, options);
        }
    }

    /// Puts what is open at the head of the recent list, once nothing is half open.
    pub(super) fn remember(&mut self) {
        let workspace = &self.session.workspace;
        let empty = workspace.data.is_none() && workspace.encoder.is_none();
        if empty || self.session.opening.is_some() || self.jobs.is_running(Slot::Data) {
            return;
        }
        let file = self.session.file.clone();
        self.session
            .settings
            .remember(&self.session.workspace, file);
        self.save_settings();
    }

    fn set_settings(&mut self, ctx: &egui::Context, settings: Settings) {
        let old = std::mem::replace(&mut self.session.settings, settings);
        self.apply_settings(ctx);
        self.save_settings();
        if old.compute != self.session.settings.compute {
            self.choose_engine();
        }
        let new = &self.session.settings;
        if (&old.providers, old.batch) != (&new.providers, new.batch)
            && let Some(source) = self.session.workspace.encoder.clone()
        {
            self.open_encoder(source, self.session.workspace.options.clone());
        }
    }

    pub(super) fn apply_settings(&self, ctx: &egui::Context) {
        self.paths.set_always(self.session.settings.path_field);
        ctx.set_theme(match self.session.settings.theme {
            ThemeChoice::System => egui::ThemePreference::System,
            ThemeChoice::Light => egui::ThemePreference::Light,
            ThemeChoice::Dark => egui::ThemePreference::Dark,
        });
        let [least, most] = Settings::ZOOM;
        ctx.set_zoom_factor(self.session.settings.zoom.clamp(least, most));
    }
}
