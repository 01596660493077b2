//! What the types have in common that stand for one of tokio's: methods that hand on to the original's of the same
//! name, and methods that spawn, which have what they spawn watched.

/// Methods of the original, taken over as they are.
macro_rules! forwards {
    () => {};
    ($(#[$doc:meta])* fn $name:ident(&self $(, $given:ident: $kind:ty)*) $(-> $gives:ty)?; $($rest:tt)*) => {
        $(#[$doc])*
        pub fn $name(&self $(, $given: $kind)*) $(-> $gives)? { self.0.$name($($given),*) }
        $crate::tasks::wrap::forwards! { $($rest)* }
    };
    ($(#[$doc:meta])* fn $name:ident(&mut self $(, $given:ident: $kind:ty)*) $(-> $gives:ty)?; $($rest:tt)*) => {
        $(#[$doc])*
        pub fn $name(&mut self $(, $given: $kind)*) $(-> $gives)? { self.0.$name($($given),*) }
        $crate::tasks::wrap::forwards! { $($rest)* }
    };
    ($(#[$doc:meta])* fn $name:ident(self $(, $given:ident: $kind:ty)*) $(-> $gives:ty)?; $($rest:tt)*) => {
        $(#[$doc])*
        pub fn $name(self $(, $given: $kind)*) $(-> $gives)? { self.0.$name($($given),*) }
        $crate::tasks::wrap::forwards! { $($rest)* }
    };
    ($(#[$doc:meta])* async fn $name:ident(&mut self) $(-> $gives:ty)?; $($rest:tt)*) => {
        $(#[$doc])*
        pub async fn $name(&mut self) $(-> $gives)? { self.0.$name().await }
        $crate::tasks::wrap::forwards! { $($rest)* }
    };
}
pub(super) use forwards;

/// Methods that spawn a `task`, a `local` task or a `closure`, and give its handle; with a target, on that.
macro_rules! spawns {
    ($($(#[$doc:meta])* $what:ident $name:ident($($on:ident: $target:ty)?);)*) => {
        $($crate::tasks::wrap::spawns! { @ $what [$(#[$doc])*] $name($($on: $target)?) })*
    };
    (@ task [$(#[$doc:meta])*] $name:ident($($on:ident: $target:ty)?)) => {
        $(#[$doc])*
        #[track_caller]
        pub fn $name<F>(&self, future: F $(, $on: &$target)?) -> ::tokio::task::JoinHandle<F::Output>
        where
            F: Future + Send + 'static,
            F::Output: Send + 'static,
        {
            let (watched, entry) = $crate::tasks::spawned::watched::<$crate::tasks::spawned::SendFuture<F::Output>>(Box::pin(future));
            let handle = self.0.$name(watched $(, $on)?);
            $crate::tasks::spawned::register(&handle, entry);
            handle
        }
    };
    (@ local [$(#[$doc:meta])*] $name:ident($($on:ident: $target:ty)?)) => {
        $(#[$doc])*
        #[track_caller]
        pub fn $name<F>(&self, future: F $(, $on: &$target)?) -> ::tokio::task::JoinHandle<F::Output>
        where
            F: Future + 'static,
            F::Output: 'static,
        {
            let (watched, entry) = $crate::tasks::spawned::watched::<$crate::tasks::spawned::LocalFuture<F::Output>>(Box::pin(future));
            let handle = self.0.$name(watched $(, $on)?);
            $crate::tasks::spawned::register(&handle, entry);
            handle
        }
    };
    (@ closure [$(#[$doc:meta])*] $name:ident($($on:ident: $target:ty)?)) => {
        $(#[$doc])*
        #[track_caller]
        pub fn $name<F, R>(&self, work: F $(, $on: &$target)?) -> ::tokio::task::JoinHandle<R>
        where
            F: FnOnce() -> R + Send + 'static,
            R: Send + 'static,
        {
            let (watched, entry) = $crate::tasks::blocking::watched(work);
            let handle = self.0.$name(watched $(, $on)?);
            $crate::tasks::blocking::register(&handle, entry);
            handle
        }
    };
}
pub(super) use spawns;

/// The same of a group whose tasks all give a `T`: what they give back can only abort the task.
macro_rules! spawns_into {
    ($($(#[$doc:meta])* $what:ident $name:ident($($on:ident: $target:ty)?);)*) => {
        $($crate::tasks::wrap::spawns_into! { @ $what [$(#[$doc])*] $name($($on: $target)?) })*
    };
    (@ task [$(#[$doc:meta])*] $name:ident($($on:ident: $target:ty)?)) => {
        $(#[$doc])*
        #[track_caller]
        pub fn $name<F>(&mut self, task: F $(, $on: &$target)?) -> ::tokio::task::AbortHandle
        where
            F: Future<Output = T> + Send + 'static,
            T: Send,
        {
            let (watched, entry) = $crate::tasks::spawned::watched::<$crate::tasks::spawned::SendFuture<T>>(Box::pin(task));
            let handle = self.0.$name(watched $(, $on)?);
            $crate::tasks::spawned::register(&handle, entry);
            handle
        }
    };
    (@ local [$(#[$doc:meta])*] $name:ident($($on:ident: $target:ty)?)) => {
        $(#[$doc])*
        #[track_caller]
        pub fn $name<F>(&mut self, task: F $(, $on: &$target)?) -> ::tokio::task::AbortHandle
        where
            F: Future<Output = T> + 'static,
        {
            let (watched, entry) = $crate::tasks::spawned::watched::<$crate::tasks::spawned::LocalFuture<T>>(Box::pin(task));
            let handle = self.0.$name(watched $(, $on)?);
            $crate::tasks::spawned::register(&handle, entry);
            handle
        }
    };
    (@ closure [$(#[$doc:meta])*] $name:ident($($on:ident: $target:ty)?)) => {
        $(#[$doc])*
        #[track_caller]
        pub fn $name<F>(&mut self, work: F $(, $on: &$target)?) -> ::tokio::task::AbortHandle
        where
            F: FnOnce() -> T + Send + 'static,
            T: Send,
        {
            let (watched, entry) = $crate::tasks::blocking::watched(work);
            let handle = self.0.$name(watched $(, $on)?);
            $crate::tasks::blocking::register(&handle, entry);
            handle
        }
    };
}
pub(super) use spawns_into;

/// What has no method of its own goes to the original.
macro_rules! derefs {
    ($ours:ident $(<$value:ident>)? to $original:ty $(, $mutable:ident)?) => {
        impl $(<$value>)? std::ops::Deref for $ours $(<$value>)? {
            type Target = $original;

            fn deref(&self) -> &$original {
                &self.0
            }
        }

        $crate::tasks::wrap::derefs! { @ $($mutable)? $ours $(<$value>)? to $original }
    };
    (@ mutable $ours:ident $(<$value:ident>)? to $original:ty) => {
        impl $(<$value>)? std::ops::DerefMut for $ours $(<$value>)? {
            fn deref_mut(&mut self) -> &mut $original {
                &mut self.0
            }
        }
    };
    (@ $ours:ident $(<$value:ident>)? to $original:ty) => {};
}
pub(super) use derefs;
