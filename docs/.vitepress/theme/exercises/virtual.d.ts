declare module 'virtual:exercise-images' {
  /** The address of the images, from the site's root. */
  const address: string;
  export default address;
}
