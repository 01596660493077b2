//! The variables of a notebook between its cells.
//!
//! evcxr writes a store like this into every cell's source, and with it the compiler translates a hash map
//! anew for each cell. Our kernel's cells name this one in its place, which is in the library already:
//! what depends on a variable's type is a few lines, and the rest is compiled once.
//!
//! It has the form of evcxr's own (one field, a map from names to boxed values), since evcxr hands it from
//! cell to cell by address, also to cells that still carry evcxr's.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// What evcxr reads on stdout where a variable's type was defined anew.
pub const VARIABLE_CHANGED_TYPE: &str = "EVCXR_VARIABLE_CHANGED_TYPE:";
/// What evcxr reads on stdout where a top-level `?` failed.
pub const USER_ERROR_OCCURRED: &str = "EVCXR_ERROR_OCCURRED";

/// The variables, by name.
pub struct VariableStore {
    variables: HashMap<String, Box<dyn Any + 'static>>,
}

impl VariableStore {
    /// Keeps a variable.
    #[inline]
    pub fn put_variable<T: 'static>(&mut self, name: &str, value: T) {
        self.put(name, Box::new(value));
    }

    /// Whether a variable is not there, or is of this type; tells evcxr when not.
    #[inline]
    pub fn check_variable<T: 'static>(&mut self, name: &str) -> bool {
        self.check(name, TypeId::of::<T>())
    }

    /// Takes a variable out.
    ///
    /// # Panics
    /// When it is not there, or of another type, which evcxr has checked before.
    #[inline]
    pub fn take_variable<T: 'static>(&mut self, name: &str) -> T {
        match self.take(name).downcast() {
            Ok(value) => *value,
            Err(_) => panic!("the variable changed its type"),
        }
    }

    /// A value that is made once.
    ///
    /// # Panics
    /// When a value of this name and of another type was made before.
    pub fn lazy_arc<T: 'static, F: FnOnce() -> T>(&mut self, name: &str, create: F) -> Arc<T> {
        let value = match self.variables.entry(name.to_owned()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Box::new(Arc::new(create()))),
        };
        match value.downcast_ref::<Arc<T>>() {
            Some(value) => Arc::clone(value),
            None => panic!("lazy_arc {name} changed type"),
        }
    }

    /// Takes over the variables of another store.
    pub fn merge(&mut self, other: VariableStore) {
        self.variables.extend(other.variables);
    }

    fn put(&mut self, name: &str, value: Box<dyn Any>) {
        self.variables.insert(name.to_owned(), value);
    }

    fn check(&mut self, name: &str, wanted: TypeId) -> bool {
        let is_other = |value: &Box<dyn Any>| (**value).type_id() != wanted;
        if self.variables.get(name).is_some_and(is_other) {
            eprintln!("The type of the variable {name} was redefined, so was lost.");
            println!("{VARIABLE_CHANGED_TYPE}{name}");
            return false;
        }
        true
    }

    fn take(&mut self, name: &str) -> Box<dyn Any> {
        match self.variables.remove(name) {
            Some(value) => value,
            None => panic!("Variable '{name}' has gone missing"),
        }
    }
}

/// An empty store, by address.
pub fn create_variable_store() -> *mut VariableStore {
    let variables = HashMap::new();
    Box::into_raw(Box::new(VariableStore { variables }))
}

#[cfg(test)]
mod tests {
    use super::create_variable_store;

    #[test]
    fn what_is_put_is_there_until_it_is_taken() {
        // SAFETY: the address comes from a box, and is used once.
        let mut store = unsafe { Box::from_raw(create_variable_store()) };
        store.put_variable("list", vec![1, 2]);
        assert!(store.check_variable::<Vec<i32>>("list"));
        assert!(!store.check_variable::<String>("list"));
        assert!(store.check_variable::<String>("missing"));
        assert_eq!(store.take_variable::<Vec<i32>>("list"), [1, 2]);
        assert_eq!(*store.lazy_arc("once", || 5), 5);
        assert_eq!(*store.lazy_arc("once", || 6), 5);
    }

    #[test]
    #[should_panic = "gone missing"]
    fn what_is_not_there_cannot_be_taken() {
        // SAFETY: as above.
        let mut store = unsafe { Box::from_raw(create_variable_store()) };
        store.take_variable::<u8>("missing");
    }
}
