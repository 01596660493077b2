//! The variables of a notebook between its cells.
//!
//! A cell fetches the variables that it mentions and puts them back, and the new ones with them. The kernel
//! decides which: it knows each variable's type, and what every item looked like that the type reaches.

use std::any::Any;
use std::collections::HashMap;

/// The variables, by name.
#[derive(Default)]
pub struct VariableStore {
    variables: HashMap<String, Box<dyn Any + 'static>>,
    is_committed: bool,
}

/// The store at this address, or a new one where there is none: what a cell begins with.
#[allow(
    clippy::not_unsafe_ptr_arg_deref,
    reason = "only generated code calls it"
)]
pub fn open(store: *mut VariableStore) -> &'static mut VariableStore {
    let store = if store.is_null() {
        Box::into_raw(Box::default())
    } else {
        store
    };
    // SAFETY: the address comes from the line above, in this cell or an earlier one; the worker hands it from
    // one cell to the next, and never to two at once.
    let store = unsafe { &mut *store };
    store.is_committed = false;
    store
}

impl VariableStore {
    /// Keeps a variable.
    #[inline]
    pub fn put_variable<T: 'static>(&mut self, name: &str, value: T) {
        self.put(name, Box::new(value));
    }

    /// Takes a variable out. It must be one that was put with a type of the same definition.
    ///
    /// # Panics
    /// When there is no variable of this name.
    #[inline]
    pub fn take_variable<T: 'static>(&mut self, name: &str) -> T {
        let value: *mut T = Box::into_raw(self.take(name)).cast();
        // SAFETY: the kernel had the value put with this type, and compares what its definition looked like
        // then and looks like now (`TypeId` cannot tell: it differs between any two cells of other items).
        unsafe { *Box::from_raw(value) }
    }

    /// Drops a variable.
    pub fn end(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// The cell has come to its end, and its new variables are kept.
    pub fn commit(&mut self) {
        self.is_committed = true;
        crate::runtime::commit();
    }

    /// Whether the cell has come to its end.
    #[must_use]
    pub fn is_committed(&self) -> bool {
        self.is_committed
    }

    fn put(&mut self, name: &str, value: Box<dyn Any>) {
        self.variables.insert(name.to_owned(), value);
    }

    fn take(&mut self, name: &str) -> Box<dyn Any> {
        match self.variables.remove(name) {
            Some(value) => value,
            None => panic!("the variable `{name}` has gone missing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{VariableStore, open};

    #[test]
    fn what_is_put_is_there_until_it_is_taken() {
        let store = open(std::ptr::null_mut());
        store.put_variable("list", vec![1, 2]);
        assert_eq!(store.take_variable::<Vec<i32>>("list"), [1, 2]);
        store.put_variable("list", vec![3]);
        store.end("list");
        store.end("never there");
        assert!(store.variables.is_empty());
        assert!(!store.is_committed());
        store.commit();
        let again = open(store);
        assert!(!again.is_committed(), "a cell begins");
    }

    #[test]
    #[should_panic = "gone missing"]
    fn what_is_not_there_cannot_be_taken() {
        VariableStore::default().take_variable::<u8>("missing");
    }
}
