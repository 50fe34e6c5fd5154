"""Each step of a GAN switches on the training of one model and off that of the other: after its trace it would not.

What `trainable` says then is the last trace's, for all that reads it outside of the graphs.
"""
# truth: unsafe train_discriminator lost-write
# truth: unsafe train_generator lost-write
import tensorflow as tf

K = tf.keras
K.utils.set_random_seed(3)
generator = K.Sequential([K.Input((4,)), K.layers.Dense(3)])
discriminator = K.Sequential([K.Input((3,)), K.layers.Dense(1)])
optimizers = K.optimizers.SGD(0.01), K.optimizers.SGD(0.01)
loss_of = K.losses.BinaryCrossentropy(from_logits=True)


def train_discriminator(images, noise):
    discriminator.trainable, generator.trainable = True, False
    with tf.GradientTape() as tape:
        fake, true = discriminator(generator(noise)), discriminator(images)
        loss = loss_of(tf.zeros_like(fake), fake) + loss_of(tf.ones_like(true), true)
    variables = discriminator.trainable_variables
    optimizers[0].apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


def train_generator(noise):
    discriminator.trainable, generator.trainable = False, True
    with tf.GradientTape() as tape:
        fake = discriminator(generator(noise))
        loss = loss_of(tf.ones_like(fake), fake)
    variables = generator.trainable_variables
    optimizers[1].apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


for step in range(24):
    noise = tf.random.normal([8, 4])
    loss = train_discriminator(tf.ones([8, 3]), noise)
    print(f"loss {float(loss):.3f} trained", len(discriminator.trainable_variables), len(generator.trainable_variables))
    loss = train_generator(noise)
    print(f"loss {float(loss):.3f} trained", len(discriminator.trainable_variables), len(generator.trainable_variables))
