//! The browser's list, and what the palette finds: made at once for small sets, by jobs for large ones.

use super::event::Event;
use super::find;
use super::query::Query;
use super::running::Core;
use super::slot::Slot;

/// Rows of a side up to which the list is made at once: some milliseconds.
const QUICK: usize = 20_000;

impl Core {
    /// Lists the rows of the browser anew.
    pub(super) fn refresh_browser(&mut self) {
        let dataset = self.session.dataset().cloned();
        let Some(dataset) = dataset.filter(|d| d.images.len().max(d.captions.len()) > QUICK) else {
            self.jobs.cancel(Slot::Browse);
            self.session.browser.is_listing = false;
            return self.session.refresh_browser();
        };
        let side = self.session.side;
        // Rows of another list are not of this one.
        self.session.browser.rows.clear();
        self.session.browser.is_listing = true;
        let mut browser = self.session.browser.clone();
        let ranking = self.session.ranking().cloned();
        let only = self.session.sets.shown().cloned();
        self.start(Slot::Browse, "Listing", move |task| {
            let direction = ranking.as_ref().map(|r| r.direction(side));
            browser.refresh(&dataset, side, direction, only.as_ref(), || {
                task.is_cancelled()
            });
            task.check()?;
            Ok(Event::Listed(browser.rows))
        });
    }

    /// The list is made.
    pub(super) fn take_list(&mut self, rows: Vec<u32>) {
        self.session.browser.rows = rows;
        self.session.browser.listed += 1;
        self.session.browser.is_listing = false;
        if self.session.query().is_none() {
            self.select_first();
        }
    }

    /// Makes the first row of the list the query.
    pub(super) fn select_first(&mut self) {
        if let Some(&row) = self.session.browser.rows.first() {
            self.set_query(Query::Row(self.session.side, row as usize));
        }
    }

    /// Looks for images and captions that hold every word of `text`.
    pub(super) fn find(&mut self, text: String) {
        let Some(dataset) = self.session.dataset().cloned() else {
            return;
        };
        self.start(Slot::Find, "Looking for words", move |task| {
            let rows = find::rows(&dataset, &text, task)?;
            Ok(Event::Found(text, rows))
        });
    }
}
