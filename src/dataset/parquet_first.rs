//! The first page of values of a Parquet column alone: of a file that is fetched, the others need not be there.

use ::parquet::column::page::{Page, PageMetadata, PageReader};
use ::parquet::errors::ParquetError;
use ::parquet::file::serialized_reader::SerializedPageReader;
use std::fs::File;

/// Ends after the first page that is no dictionary.
pub(super) struct FirstPage {
    pages: SerializedPageReader<File>,
    ended: bool,
}

impl FirstPage {
    /// Of these pages.
    pub fn new(pages: SerializedPageReader<File>) -> Self {
        let ended = false;
        Self { pages, ended }
    }
}

impl PageReader for FirstPage {
    fn get_next_page(&mut self) -> Result<Option<Page>, ParquetError> {
        if self.ended {
            return Ok(None);
        }
        let page = self.pages.get_next_page()?;
        self.ended = !matches!(page, Some(Page::DictionaryPage { .. }));
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        if self.ended {
            return Ok(None);
        }
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        if self.ended {
            return Ok(());
        }
        let page = self.pages.peek_next_page()?;
        self.ended = page.is_none_or(|page| !page.is_dict);
        self.pages.skip_next_page()
    }
}

impl Iterator for FirstPage {
    type Item = Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
