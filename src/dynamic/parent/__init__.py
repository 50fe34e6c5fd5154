"""The parent process, which never imports TensorFlow: starts the runs, and turns their reports into judgements."""
